const LOGIN = 'Remove it: the gateway logs nobody in. Let the application or a login proxy do that, and check the tokens here.'
const SESSION = 'Remove it: there are no sessions. Clients bring a token with each request.'
const TRUST = 'Remove it: this is always verified.'
const OTHER_ISSUERS = 'Use the plugin `jwt` with `issuers`: each issuer with its own keys.'
const DOWNSTREAM = 'Remove it, or write it with `response-transformer`: claims are for the upstream.'
const CREDENTIAL = 'Remove it: the credential is `sub`, or else `client_id`.'
const TLS = 'Remove it: certificates are always verified. Name an authority of your own in NODE_EXTRA_CA_CERTS.'
const CACHE = 'Remove it: key sets, verified tokens and answers are always remembered, each as long as it is good (`cache_ttl`, `cached_tokens`).'
const CLIENT_KEY = 'Write the key in PEM as `client_private_key`.'

const all = (names: string, mend: string): Array<[name: string, mend: string]> => names.trim().split(/\s+/).map(name => [name, mend])

/** Options of Kong's plugin that are not here, each with what to do instead. */
export const refused: Readonly<Record<string, string>> = Object.fromEntries([
  ...all(`
    authorization_endpoint authorization_cookie_domain authorization_cookie_http_only authorization_cookie_name
    authorization_cookie_path authorization_cookie_same_site authorization_cookie_secure
    authorization_query_args_client authorization_query_args_names authorization_query_args_values
    authorization_rolling_timeout domains login_action login_methods login_redirect_mode
    login_redirect_uri login_tokens redirect_uri preserve_query_args response_mode response_type
    forbidden_destroy_session forbidden_redirect_uri unauthorized_destroy_session unauthorized_redirect_uri
    unexpected_redirect_uri token_endpoint token_endpoint_auth_method token_headers_client token_headers_names
    token_headers_values token_headers_grants token_headers_prefix token_headers_replay token_post_args_client
    token_post_args_names token_post_args_values token_exchange_endpoint token_cache_key_include_scope
    password_param_type client_credentials_param_type id_token_param_name id_token_param_type
    refresh_token_param_name refresh_token_param_type refresh_tokens search_user_info userinfo_endpoint
    userinfo_accept userinfo_headers_client userinfo_headers_names userinfo_headers_values
    userinfo_query_args_client userinfo_query_args_names userinfo_query_args_values
    require_proof_key_for_code_exchange require_pushed_authorization_requests require_signed_request_object
    pushed_authorization_request_endpoint pushed_authorization_request_endpoint_auth_method
    proof_of_possession_auth_methods_validation resolve_distributed_claims`, LOGIN),
  ...all(`
    session_absolute_timeout session_audience session_bind session_cookie_domain session_cookie_http_only
    session_cookie_name session_cookie_path session_cookie_same_site session_cookie_secure
    session_enforce_same_subject session_hash_storage_key session_hash_subject session_idling_timeout
    session_memcached_host session_memcached_port session_memcached_prefix session_memcached_socket session_remember
    session_remember_absolute_timeout session_remember_cookie_name session_remember_rolling_timeout
    session_request_headers session_response_headers session_rolling_timeout session_secret session_storage
    session_store_metadata redis cluster_cache_redis cluster_cache_strategy logout_methods logout_post_arg
    logout_query_arg logout_redirect_uri logout_revoke logout_revoke_access_token logout_revoke_refresh_token
    logout_uri_suffix end_session_endpoint revocation_endpoint revocation_endpoint_auth_method
    revocation_token_param_name reverify`, SESSION),
  ...all('audience', 'Write `audience_required`: what a token must be for.'),
  ...all('scopes', 'Write `scopes_required`: what a token must allow.'),
  ...all('verify_claims verify_signature verify_nonce verify_parameters ignore_signature', TRUST),
  ...all('enable_hs_signatures', 'Use the plugin `jwt` with `secret`: a shared secret is no key of an OpenID provider.'),
  ...all('extra_jwks_uris', OTHER_ISSUERS),
  ...all('using_pseudo_issuer', 'Write `jwks_endpoint`: with it nothing is discovered.'),
  ...all(`
    downstream_access_token_header downstream_access_token_jwk_header downstream_headers downstream_headers_claims
    downstream_headers_names downstream_id_token_header downstream_id_token_jwk_header
    downstream_introspection_header downstream_introspection_jwt_header downstream_refresh_token_header
    downstream_session_id_header downstream_user_info_header downstream_user_info_jwt_header`, DOWNSTREAM),
  ...all('upstream_access_token_header', 'Write `hide_credentials: false` to let the token through as it came.'),
  ...all(`
    upstream_access_token_jwk_header upstream_id_token_header upstream_id_token_jwk_header
    upstream_introspection_header upstream_introspection_jwt_header upstream_refresh_token_header
    upstream_session_id_header upstream_user_info_header upstream_user_info_jwt_header`, 'Name the claims that the upstream needs in `upstream_headers`.'),
  ...all('credential_claim', CREDENTIAL),
  ...all('consumer_claims', 'Write one path as `consumer_claim`.'),
  ...all('consumer_groups_claim consumer_groups_optional', 'Use `consumer_claim`: groups are those of the consumer.'),
  ...all(`
    ssl_verify tls_client_auth_cert_id tls_client_auth_ssl_verify mtls_introspection_endpoint
    mtls_revocation_endpoint mtls_token_endpoint`, TLS),
  ...all(`
    cache_introspection cache_token_exchange cache_tokens cache_tokens_salt cache_ttl_max cache_ttl_min
    cache_ttl_resurrect cache_user_info discovery_headers_names discovery_headers_values`, CACHE),
  ...all('client_jwk client_alg', CLIENT_KEY),
  ...all('client_auth', 'Write `introspection_endpoint_auth_method`.'),
  ...all(`
    client_arg introspection_accept introspection_check_active introspection_headers_client
    introspection_headers_names introspection_headers_values introspection_post_args_client
    introspection_post_args_client_headers introspection_post_args_names introspection_post_args_values
    introspection_token_param_name`, 'Use the plugin `oauth2-introspection` where the request must look different; `active` is always checked.'),
  ...all(`
    dpop_proof_lifetime dpop_use_nonce proof_of_possession_dpop proof_of_possession_mtls`, 'Remove it: tokens that are bound to a key of the client are not supported yet.'),
  ...all(`
    http_proxy http_proxy_authorization https_proxy https_proxy_authorization no_proxy`, 'Remove it: the provider is asked directly.'),
  ...all('http_version keepalive disable_session', 'Remove it: there is nothing to choose.'),
  ...all('by_username_ignore_case', 'Remove it: usernames are compared as they are written.')
])
