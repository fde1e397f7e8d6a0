#include "backends/iptables/apply_script.hpp"

namespace portcullis::iptables {

std::string apply_script() {
  return R"sh(#!/bin/sh
# Loads the rules beside this script, adds the jumps from built-in chains, removes what an earlier load has left.
# IPTABLES=iptables-legacy (or -nft) chooses the variant; foreign rules are never touched.
set -eu
cd -- "$(dirname -- "$0")"

IPTABLES=${IPTABLES:-iptables}
IP6TABLES=${IP6TABLES:-$(printf '%s\n' "$IPTABLES" | sed 's/iptables\([^/]*\)$/ip6tables\1/')}
IPTABLES_RESTORE=${IPTABLES_RESTORE:-$IPTABLES-restore}
IP6TABLES_RESTORE=${IP6TABLES_RESTORE:-$IP6TABLES-restore}
IPTABLES_SAVE=${IPTABLES_SAVE:-$IPTABLES-save}
IP6TABLES_SAVE=${IP6TABLES_SAVE:-$IP6TABLES-save}

# Jumps as lines of: table, built-in chain, rule.
jumps() {
  awk '/^\*/ { table = substr($0, 2) }
       /^-I / { line = table " " $2; for (i = 4; i <= NF; ++i) line = line " " $i; print line }' jumps.rules
}

# stdin: jumps, `--`, our rules, `--`, what iptables-save prints. Commands that remove what only the last one has.
stale() {
  awk '
    $1 == "--" { ++part; table = ""; next }
    part == 0 { jump[$0] = 1; next }
    /^\*/ { table = substr($0, 2); next }
    part == 1 { if (/^:/) declared[table, substr($1, 2)] = 1; next }
    /^COMMIT/ {
      if (removed != "" || emptied != "") printf "*%s\n%s%s%sCOMMIT\n", table, removed, emptied, deleted
      removed = emptied = deleted = ""
      next
    }
    /^:PCL-/ {
      chain = substr($1, 2)
      if ((table, chain) in declared) next
      emptied = emptied "-F " chain "\n"; deleted = deleted "-X " chain "\n"
    }
    /^-A / && $2 !~ /^PCL-/ && $(NF - 1) ~ /^-[jg]$/ && $NF ~ /^PCL-/ {
      rule = substr($0, 4)
      if (!((table " " rule) in jump)) removed = removed "-D " rule "\n"
    }'
}

# FILE IPTABLES RESTORE SAVE
load() {
  if [ -e "$1" ]; then
    "$3" --noflush --test <"$1"
    "$3" --noflush --wait 10 <"$1"
    jumps | while read -r table chain rule; do
      # shellcheck disable=SC2086 # the words of a rule
      "$2" --wait 10 -t "$table" -C "$chain" $rule 2>/dev/null || "$2" --wait 10 -t "$table" -I "$chain" $rule
    done
  else
    command -v "$2" >/dev/null || return 0
  fi
  left=$({
    if [ -e "$1" ]; then jumps; fi
    echo --
    if [ -e "$1" ]; then grep -e '^\*' -e '^:' "$1"; fi
    echo --
    "$4"
  } | stale)
  if [ -n "$left" ]; then printf '%s\n' "$left" | "$3" --noflush --wait 10; fi
}

load iptables.rules "$IPTABLES" "$IPTABLES_RESTORE" "$IPTABLES_SAVE"
load ip6tables.rules "$IP6TABLES" "$IP6TABLES_RESTORE" "$IP6TABLES_SAVE"
sh ./conntrack.sh
)sh";
}

}  // namespace portcullis::iptables
