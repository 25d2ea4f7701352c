#!/bin/sh
# Copy the third-party style sheets, icons and fonts into assets/00_vendor, each with its licence.
# Run from anywhere: tools/vendor_assets.sh (needs npm; used by maintainers, never at run time).
set -eu

BOOTSTRAP=bootstrap@5.3.9
ICONS=bootstrap-icons@1.13.2
INTER=@fontsource-variable/inter@5.3.0
MONO=@fontsource-variable/geist-mono@5.3.0

target=$(cd "$(dirname "$0")/.." && pwd)/assets/00_vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$target/fonts"
cd "$work"

unpack() { # unpack PACKAGE -> ./package
    rm -rf package
    tar -xzf "$(npm pack --silent "$1")"
}

unpack "$BOOTSTRAP"
# The source map is left out, so the line that asks browsers to fetch it goes too.
sed '/sourceMappingURL/d' package/dist/css/bootstrap.min.css > "$target/bootstrap.min.css"
cp package/LICENSE "$target/LICENSE.bootstrap.txt"

unpack "$ICONS"
# woff2 alone: every browser that runs the app reads it.
sed -e 's|,url("fonts/bootstrap-icons.woff?[0-9a-f]*") format("woff")||' \
    package/font/bootstrap-icons.min.css > "$target/bootstrap-icons.min.css"
cp package/font/fonts/bootstrap-icons.woff2 "$target/fonts/"
cp package/LICENSE "$target/LICENSE.bootstrap-icons.txt"

unpack "$INTER"
cp package/files/inter-latin-wght-normal.woff2 package/files/inter-latin-ext-wght-normal.woff2 "$target/fonts/"
cp package/LICENSE "$target/LICENSE.inter.txt"

unpack "$MONO"
cp package/files/geist-mono-latin-wght-normal.woff2 "$target/fonts/"
cp package/LICENSE "$target/LICENSE.geist-mono.txt"

if grep -lE '@import|url\((["'"'"']?)(https?:)?//' "$target"/*.css; then
    echo "a vendored style sheet names another host" >&2
    exit 1
fi
ls -l "$target" "$target/fonts"
