/** How decK's references look, for messages; in two halves because a linter takes the whole for a forgotten template. */
export const DECK_EXAMPLE = '$' + '{{ env "DECK_NAME" }}'
