#include "backends/haproxy/apply_script.hpp"

#include <set>

#include "backends/haproxy/maps.hpp"

namespace portcullis::haproxy {

namespace {

constexpr std::string_view begin = R"sh(#!/bin/sh
# Checks the configuration beside this script with the HAProxy of this node, puts it in place as a whole, and starts
# HAProxy or has it reload: the old process hands its sockets over, and ends when its last connection has.
set -eu
umask 027
here=$(cd "$(dirname "$0")" && pwd)
: "${PORTCULLIS_STATE:=/var/lib/portcullis/haproxy}"
: "${PORTCULLIS_RUN:=/run/portcullis}"
: "${PORTCULLIS_CERTIFICATES:=/etc/portcullis/certificates}"
export PORTCULLIS_RUN PORTCULLIS_CERTIFICATES
pid_file=$PORTCULLIS_RUN/haproxy.pid
mkdir -p "$PORTCULLIS_STATE" "$PORTCULLIS_RUN" "$PORTCULLIS_CERTIFICATES"

# Certificates are not compiled: each Secret's tls.crt and tls.key, one behind the other, in a file of its own.
)sh";

constexpr std::string_view certificates = R"sh(missing=
while read -r certificate; do
  [ -s "$PORTCULLIS_CERTIFICATES/$certificate" ] && continue
  if [ "$certificate" = default.pem ] && command -v openssl >/dev/null; then
    (umask 077
     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=portcullis default" \
       -keyout "$PORTCULLIS_CERTIFICATES/.default.key" -out "$PORTCULLIS_CERTIFICATES/.default.crt" 2>/dev/null
     cat "$PORTCULLIS_CERTIFICATES/.default.crt" "$PORTCULLIS_CERTIFICATES/.default.key" \
       >"$PORTCULLIS_CERTIFICATES/.default.pem"
     mv "$PORTCULLIS_CERTIFICATES/.default.pem" "$PORTCULLIS_CERTIFICATES/default.pem"
     rm -f "$PORTCULLIS_CERTIFICATES/.default.key" "$PORTCULLIS_CERTIFICATES/.default.crt")
    continue
  fi
  missing="$missing $certificate"
done <<'END'
)sh";

constexpr std::string_view rest = R"sh(END
if [ -n "$missing" ]; then
  echo "apply: no certificate in $PORTCULLIS_CERTIFICATES:$missing" >&2
  exit 1
fi

# A new folder, complete before anything points to it. The last ones stay, to go back to.
version=$PORTCULLIS_STATE/$(date +%s)-$$
mkdir "$version"
cp -R "$here/." "$version/"
if ! haproxy -c -q -f "$version/haproxy.cfg"; then
  rm -rf "$version"
  echo "apply: HAProxy refuses the configuration; nothing has changed" >&2
  exit 1
fi
current=$PORTCULLIS_STATE/current
before=$(readlink "$current" 2>/dev/null || true)
point() {
  ln -s "$1" "$current.$$"
  mv -T "$current.$$" "$current"
}
point "$version"

workers() { cat "/proc/$1/task/$1/children" 2>/dev/null || true; }
master=$(cat "$pid_file" 2>/dev/null || true)
if [ -z "$master" ] || ! kill -0 "$master" 2>/dev/null; then
  haproxy -W -D -p "$pid_file" -f "$current/haproxy.cfg"
  echo "apply: HAProxy has started"
else
  old=$(workers "$master")
  kill -USR2 "$master"
  fresh=
  tries=0
  while [ -z "$fresh" ] && [ "$tries" -lt 200 ]; do
    for worker in $(workers "$master"); do
      case " $old " in *" $worker "*) ;; *) fresh=$worker ;; esac
    done
    tries=$((tries + 1))
    [ -n "$fresh" ] || sleep 0.05
  done
  if [ -z "$fresh" ]; then
    [ -z "$before" ] || point "$before"
    echo "apply: HAProxy did not reload; the old process still serves" >&2
    exit 1
  fi
  echo "apply: HAProxy has reloaded"
fi
cd "$PORTCULLIS_STATE"
ls -d [0-9]*-* | sort -n | head -n -3 | while read -r old; do
  [ "$PORTCULLIS_STATE/$old" = "$version" ] || rm -rf "$old"
done
)sh";

}  // namespace

std::string apply_script(const Configuration& configuration) {
  std::string out(begin);
  std::set<std::string> files;
  if (configuration.https != 0) {
    for (const TlsLine& line : configuration.tls)
      files.insert(certificate_file(configuration.certificates[line.certificate]));
    files.insert(certificate_file(configuration.certificates[0]));
  }
  out += certificates;
  for (const std::string& file : files) out += file + "\n";
  out += rest;
  return out;
}

}  // namespace portcullis::haproxy
