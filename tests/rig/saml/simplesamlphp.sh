#!/usr/bin/env bash
# A SAML identity provider made of Debian's SimpleSAMLphp, for tests; everything that it writes lies in DIR.
#
#   simplesamlphp.sh DIR PORT SP-METADATA.xml
#
# DIR/cert holds idp-1.key, idp-1.crt, idp-2.key and idp-2.crt; the number in DIR/cert/number says which pair signs and is
# published. It demands signed requests and signs out both ways. alice, bob and carol have the password “any”.
set -euo pipefail

directory=$1 port=$2 metadata=$3
mkdir -p "$directory"/{config,metadata,log,data,tmp,sessions}
echo 1 >"$directory/cert/number"

cat >"$directory/config/config.php" <<PHP
<?php
\$config = [
    'baseurlpath' => 'http://127.0.0.1:$port/',
    'certdir' => '$directory/cert/',
    'loggingdir' => '$directory/log/',
    'datadir' => '$directory/data/',
    'tempdir' => '$directory/tmp',
    'metadatadir' => '$directory/metadata/',
    'attributenamemapdir' => '/etc/simplesamlphp/attributemap/',
    'technicalcontact_name' => 'Tests',
    'technicalcontact_email' => 'na@example.org',
    'timezone' => 'UTC',
    'secretsalt' => 'salt of the tests alone',
    'auth.adminpassword' => 'nobody signs in with it',
    'admin.checkforupdates' => false,
    'enable.saml20-idp' => true,
    'enable.http_post' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'showerrors' => true,
    'errorreporting' => false,
    'logging.level' => 7,
    'logging.handler' => 'file',
    'logging.logfile' => 'provider.log',
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'session.phpsession.cookiename' => 'provider',
    'session.phpsession.savepath' => '$directory/sessions',
    'session.duration' => 28800,
    'store.type' => 'phpsession',
    'language.default' => 'en',
    'language.available' => ['en'],
    'language.cookie.secure' => false,
    'language.cookie.samesite' => null,
    'theme.use' => 'default',
    'production' => true,
    'authproc.idp' => [],
    'authproc.sp' => [],
    'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => '$metadata']],
];
PHP

cat >"$directory/config/authsources.php" <<'PHP'
<?php
$person = fn (string $name, string $shown, array $groups) => [
    'uid' => [$name], 'mail' => ["$name@example.test"], 'displayName' => [$shown], 'groups' => $groups,
];
$config = [
    'admin' => ['core:AdminPassword'],
    'people' => [
        'exampleauth:UserPass',
        'alice:any' => $person('alice', 'Alice Ångström', ['castai-owners', 'engineering']),
        'bob:any' => $person('bob', 'Bob Müller-Łódź', ['k8s-staging-viewer']),
        'carol:any' => $person('carol', 'Carol <&>', []),
    ],
];
PHP

cat >"$directory/metadata/saml20-idp-hosted.php" <<PHP
<?php
\$number = trim(file_get_contents('$directory/cert/number'));
\$metadata['http://127.0.0.1:$port/idp'] = [
    'host' => '__DEFAULT__',
    'privatekey' => "idp-\$number.key",
    'certificate' => "idp-\$number.crt",
    'auth' => 'people',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    'simplesaml.nameidattribute' => 'mail',
    'saml20.sign.response' => true,
    'saml20.sign.assertion' => true,
    'sign.logout' => true,
    'redirect.sign' => true,
    'redirect.validate' => true,
    'validate.authnrequest' => true,
    'SingleSignOnServiceBinding' => [
        'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    ],
    'SingleLogoutServiceBinding' => [
        'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    ],
] + (file_exists('$directory/encrypt') ? ['assertion.encryption' => true] : []);
PHP
for kind in adfs-idp-hosted adfs-sp-remote saml20-idp-remote saml20-sp-remote saml20-sp-hosted; do
    echo '<?php $metadata = [];' >"$directory/metadata/$kind.php"
done

export SIMPLESAMLPHP_CONFIG_DIR=$directory/config PHP_CLI_SERVER_WORKERS=4
exec php -d session.save_path="$directory/sessions" -d error_reporting=22527 -d display_errors=stderr \
    -d opcache.enable=0 -S "127.0.0.1:$port" -t /usr/share/simplesamlphp/www
