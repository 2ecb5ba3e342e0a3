import { knownSecrets, type KnownSecrets } from './known-secrets';

const MASK = '[secret]';
const SECRET_NAME =
  /authorization|(?<!page_?)token|passw(or)?d|passphrase|secret|api_?key|private_?key|cookie|^refresh$|credential|signature/i;
const NAMES =
  '(?:access_?token|refresh_?token|id_?token|auth_?token|token|client_?secret|secret|passwd|password|api_?key|authtoken|signature|code_verifier)';

const USERINFO = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/?#:@"'<>]{0,256}):([^\s/?#"'<>]{1,1024})@/gi;
const SCHEME = /\b(Bearer|Zoho-oauthtoken|Token)(\s+)[A-Za-z0-9._~+/=-]{8,}/gi;
const BASIC = /\b(Basic)(\s+)(?=[A-Za-z0-9+/]*[0-9=])[A-Za-z0-9+/]{8,}={0,2}/gi;
const ASSIGNED = new RegExp(`(\\b${NAMES}["']?\\s{0,3}[=:]\\s{0,3}["']?)(?!\\[secret\\])[^\\s"'&,;})\\]]+`, 'gi');

/** Is this the name of something that must not be shown, such as `client_secret` or `Authorization`? Page tokens are no secrets. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replaceAll('-', '_'));
}

/** The text without secrets: known values in any form, passwords in URLs, credentials in queries, headers and assignments. */
export function redactText(text: string, known: KnownSecrets = knownSecrets): string {
  return known
    .hide(text)
    .replace(USERINFO, `$1$2:${MASK}@`)
    .replace(SCHEME, `$1$2${MASK}`)
    .replace(BASIC, `$1$2${MASK}`)
    .replace(ASSIGNED, `$1${MASK}`);
}
