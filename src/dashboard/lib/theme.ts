/** Light, dark, or as the system has it. */
export type Theme = 'system' | 'light' | 'dark'

const KEY = 'sallyport-theme'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

export function readTheme (): Theme {
  const kept = localStorage.getItem(KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function applyTheme (theme: Theme): void {
  if (theme === 'system') {
    localStorage.removeItem(KEY)
    delete document.documentElement.dataset['theme']
  } else {
    localStorage.setItem(KEY, theme)
    document.documentElement.dataset['theme'] = theme
  }
  window.dispatchEvent(new Event('themechange'))
}

/** Calls back when colours have changed, for what is drawn on a canvas. */
export function onThemeChange (notify: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', notify)
  window.addEventListener('themechange', notify)
  return () => {
    dark.removeEventListener('change', notify)
    window.removeEventListener('themechange', notify)
  }
}
