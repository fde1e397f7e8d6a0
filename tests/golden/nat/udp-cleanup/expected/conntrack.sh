#!/bin/sh
# Forgets UDP flows to Services whose endpoint is gone: their conntrack entries would lead clients there until they time out.
# TCP and SCTP flows are left alone, and so is a Service without any serving endpoint.
set -eu
command -v conntrack >/dev/null || { echo "conntrack.sh: conntrack(8) is missing, stale UDP flows stay" >&2; exit 1; }

# stdin: rules `destination port keep...` (destination * is any), a line `--`, then conntrack -L.
stale() {
  awk '
    listing == 0 && $1 == "--" { listing = 1; next }
    listing == 0 { rule[$1 " " $2] = 1; for (i = 3; i <= NF; i++) kept[$1 " " $2 " " $i] = 1; next }
    {
      delete original; delete reply
      for (i = 1; i <= NF; i++) {
        at = index($i, "=")
        if (at == 0) continue
        name = substr($i, 1, at - 1); value = substr($i, at + 1)
        if (name in original) { if (!(name in reply)) reply[name] = value } else original[name] = value
      }
      from = reply["src"] "|" reply["sport"]
      exact = original["dst"] " " original["dport"]; any = "* " original["dport"]
      if ((exact in rule && !((exact " " from) in kept)) || (any in rule && !((any " " from) in kept)))
        print original["src"], original["dst"], original["sport"], original["dport"]
    }'
}

# stdin: rules; argument: the family of the entries.
forget() {
  { cat; echo --; conntrack -L -p udp -f "$1" 2>/dev/null; } | stale | while read -r src dst sport dport; do
    conntrack -D -p udp -f "$1" --orig-src "$src" --orig-dst "$dst" --sport "$sport" --dport "$dport" >/dev/null 2>&1 || true
  done
}

forget ipv4 <<'RULES'
10.96.0.53 53 10.244.0.5|5353 10.244.1.5|5353
* 30053 10.244.0.5|5353 10.244.1.5|5353
RULES
