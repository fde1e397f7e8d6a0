#include "backends/ebpf/apply_script.hpp"

#include <span>

#include <fmt/format.h>

#include "backends/ebpf/batch.hpp"
#include "backends/ebpf/digest.hpp"
#include "backends/ebpf/origin.hpp"

namespace portcullis::ebpf {

namespace {

constexpr std::string_view head = R"sh(#!/bin/sh
# Brings this folder onto a node that has no portcullis, as `portcullis apply` does: with bpftool, nft, tc and ip. Beside
# the active tables it fills new ones, and one write makes them the active ones. Running it twice is fine.
#
# Two things it does not do: the tables are not frozen, so whoever may write BPF maps can change them; and they are not
# read back and compared. `portcullis status`, where it is at hand, does compare them, and says that they are not frozen.
#
# PORTCULLIS_PINS    folder for what is loaded, in a BPF file system; it is made
# PORTCULLIS_CGROUP  control group whose processes are served; unless set, the root of the cgroup2 hierarchy
#
# Processes are served in the initial network namespace only: a shell cannot tell the program which other one is meant.
set -eu
)sh";

// Everything below needs the variables that apply_script() writes above it.
constexpr std::string_view steps = R"sh(
PATH=$PATH:/usr/sbin:/sbin
pins=${PORTCULLIS_PINS:-/sys/fs/bpf/portcullis}
pins=${pins%/}
parent=$(dirname "$pins")
cgroup=${PORTCULLIS_CGROUP:-$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)}
priority=20547
maps='active aff ifs socks stats cfg t_frontends t_pools t_endpoints t_members t_prefixes t_locals'

fail() {
  echo "apply: $*" >&2
  exit 2
}

# The first argument says what the rest does.
must() {
  what=$1
  shift
  said=$("$@" 2>&1) || fail "cannot $what: $(printf '%s\n' "$said" | tail -n 3 | tr '\n' ' ')"
}

check() {
  for tool in bpftool nft tc ip awk sed sha256sum flock od stat; do
    command -v "$tool" >/dev/null || fail "there is no program $tool: install it"
  done
  sha256sum -c SHA256SUMS >/dev/null 2>&1 || fail "$PWD is not what SHA256SUMS says: copy the folder again"
  [ "$(id -u)" = 0 ] || fail 'this needs root'
  [ "$(printf '\001\000' | od -An -td2 | tr -d ' ')" = 1 ] || fail 'the tables are for little-endian machines'
  case $pins in /*) ;; *) fail "PORTCULLIS_PINS has to begin with /: $pins" ;; esac
  [ "$(stat -f -c %t "$parent" 2>/dev/null)" = cafe4a11 ] ||
    fail "$parent is no BPF file system: mount one there (mount -t bpf bpf $parent)"
  [ -n "$cgroup" ] || fail 'no cgroup2 file system is mounted: mount one, or set PORTCULLIS_CGROUP'
  [ -f "$cgroup/cgroup.procs" ] || fail "$cgroup is no control group"
}

# What the node has to set, and has not, is said; it may be set on purpose by others.
check_sysctls() {
  sed -n 's/^# requires sysctl //p' node.pcl | while IFS='=' read -r name value; do
    found=$(cat "/proc/sys/$(printf %s "$name" | tr . /)" 2>/dev/null || echo 'not there')
    [ "$found" = "$value" ] ||
      echo "apply: sysctl $name is $found and has to be $value: set it (sysctl -w $name=$value)" >&2
  done
}

load_modules() {
  for module in nf_conntrack nf_nat nf_conntrack_netlink sch_ingress cls_bpf; do
    # What is built in, or missing, shows when the program is loaded.
    [ -d "/sys/module/$module" ] || modprobe -q "$module" 2>/dev/null || true
  done
}

versions() {
  for folder in "$pins"/prog/*; do
    case ${folder##*/} in unfinished | '*') ;; *) echo "${folder##*/}" ;; esac
  done
}

# A folder below prog/ is whole or not there. Another version with the same layout hands its maps over.
load_program() {
  mkdir -p "$pins"
  [ -e "$pins/origins" ] || [ -z "$(ls "$pins")" ] || fail "$pins is no folder of portcullis: name another"
  [ -e "$pins/origins" ] ||
    must 'make a map' bpftool map create "$pins/origins" type array key 4 value 88 entries 4 name pcl_origins
  [ ! -d "$pins/prog/$version" ] || return 0
  others=$(versions)
  for other in $others; do
    case $other in
      "${version%%-*}"-*) ;;
      *) fail "another version of portcullis is loaded ($other), and its tables have another layout: remove it first" ;;
    esac
    [ ! -d "$pins/link" ] || fail "portcullis itself has loaded another version here ($other): use \`portcullis apply\`"
  done
  mkdir -p "$pins/prog"
  rm -rf "$pins/prog/unfinished"
  set --
  for map in $maps; do
    if [ -n "$others" ]; then set -- "$@" map name "$map" pinned "$pins/$map"; else rm -f "$pins/$map"; fi
  done
  [ -n "$others" ] || set -- pinmaps "$pins"
  must 'load program.o' bpftool prog loadall program.o "$pins/prog/unfinished" "$@"
  rm "$pins/prog/unfinished/pcl_ask" # for tests
  mv "$pins/prog/unfinished" "$pins/prog/$version"
}

# The source of what the node sends towards the world: by the default route, where there is one.
source_towards() {
  ip -o route get "$1" 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p'
}

# The node as lines: `config` and `locals` with a command for bpftool, `attach INDEX NAME HEADER`.
look() {
  {
    ip -o link show type vrf | sed 's/^/vrf /'
    ip -o link show type bridge | sed 's/^/bridge /'
    ip -o link | sed 's/^/link /'
    ip -o addr | sed 's/^/addr /'
    sed -n 's/^map update pinned locals key hex\(.*\) value.*/known\1/p' maps.batch
    if [ -e "$pins/ifs" ]; then
      bpftool -j map dump pinned "$pins/ifs" | tr '{' '\n' |
        sed -n 's/^"key":\["0x\(..\)","0x\(..\)","0x\(..\)","0x\(..\)"\].*/had \1 \2 \3 \4/p'
    fi
  } | pods=$pods awk -v pods_prefix="$pods_prefix" -v scope4="$scope4" -v scope6="$scope6" \
    -v primary4="$(source_towards 192.0.2.1)" -v primary6="$(source_towards 2001:db8::1)" '
    function number(n) { return sprintf(" %02x %02x %02x %02x", n % 256, n / 256 % 256, n / 65536 % 256, n / 16777216) }
    function pair(word) { word = substr("0000" word, length(word) + 1); return " " substr(word, 1, 2) " " substr(word, 3) }
    function bytes(address,   part, left, right, l, r, i, out) {
      if (address == "") return zero
      if (address ~ /^[0-9.]+$/) {
        split(address, part, ".")
        return sprintf(" 00 00 00 00 00 00 00 00 00 00 ff ff %02x %02x %02x %02x", part[1], part[2], part[3], part[4])
      }
      part[2] = ""
      split(address, part, "::")
      l = split(part[1], left, ":"); r = split(part[2], right, ":")
      for (i = 1; i <= l; i++) out = out pair(left[i])
      for (i = l + r; i < 8; i++) out = out " 00 00"
      for (i = 1; i <= r; i++) out = out pair(right[i])
      return out
    }
    function own(name, family) { return (name, family) in first ? first[name, family] : node[family] }
    function after(word,   i) { for (i = 2; i < NF; i++) if ($i == word) return $(i + 1); return "" }
    BEGIN { pods = ENVIRON["pods"]; zero = " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" }
    { sub(/:$/, "", $2); sub(/:$/, "", $3); sub(/@.*/, "", $3) }
    $1 == "vrf" { vrf[$3] = 1 }
    $1 == "bridge" { bridge[$3] = 1 }
    $1 == "link" {
      header = ""
      for (i = 4; i <= NF; i++) if ($i ~ /^link\//) header = substr($i, 6)
      names[++count] = $3; indexes[$3] = $2; headers[$3] = header; masters[$3] = after("master")
    }
    $1 == "addr" {
      family = $4; address = $5
      sub(/\/.*/, "", address)
      if (family == "inet" ? address !~ /^127\./ : address !~ /^fe[89ab]/) locals[bytes(address)] = family == "inet" ? scope4 : scope6
      if (after("scope") != "global" || / (secondary|temporary|tentative|deprecated|dadfailed) /) next
      if (!(($3, family) in first)) first[$3, family] = address
      if (!(family in node)) node[family] = address
    }
    $1 == "known" { known[substr($0, 6)] = 1 }
    $1 == "had" { had[substr($0, 4)] = 1 }
    END {
      if (primary4 == "" || primary4 ~ /^127\./) primary4 = node["inet"]
      if (primary6 == "" || primary6 == "::1") primary6 = node["inet6"]
      print "config map update pinned cfg key 0 0 0 0 value hex 00 00 00 00 00 00 00 00" bytes(primary4) bytes(primary6) \
        number(1) number(0)
      for (i = 1; i <= count; i++) {
        name = names[i]; header = headers[name]; master = masters[name]
        if (header == "loopback") continue
        bare = header ~ /^(none|ppp|rawip|ipip|tunnel6|sit|gre|gre6)$/
        pod = pods != "" && (pods_prefix ? index(name, pods) == 1 : name == pods)
        key = number(indexes[name])
        delete had[key]
        print "config map update pinned ifs key hex" key " value hex" bytes(own(name, "inet")) bytes(own(name, "inet6")) \
          number(pod + 2 * bare + 4 * (name in bridge))
        # What belongs to a bridge or bond is seen there; a VRF sees it at what belongs to it.
        if (name in vrf || (master != "" && !(master in vrf))) continue
        print "attach", indexes[name], name, (bare || header == "ether" ? "known" : "unknown")
      }
      for (key in had) print "config map delete pinned ifs key hex" key
      for (address in locals)
        if (!(address in known))
          print "locals map update pinned locals key hex" address " value hex 01 " sprintf("%02x", locals[address]) " 00 00"
    }'
}

# Runs the commands of this word in this folder.
tell() {
  (cd "$2" && printf '%s\n' "$node" | sed -n "s/^$1 //p" | bpftool batch file -)
}

active_generation() {
  bpftool -j map lookup pinned "$pins/active" key 0 0 0 0 | sed -n 's/.*"value":\["0x0\([0-3]\)".*/\1/p'
}

# Fills the slot behind the active one: packets do not see it. Frontends are taken out first and put there last, since
# without them no other table of a generation is looked at.
fill() {
  folder=$pins/generation/$slot
  if bpftool map lookup pinned "$pins/t_frontends" key "$slot" 0 0 0 >/dev/null 2>&1; then
    must 'empty a generation' bpftool map delete pinned "$pins/t_frontends" key "$slot" 0 0 0
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  # shellcheck disable=SC2086 # one word a byte
  must 'say what the tables are made of' bpftool map update pinned "$pins/origins" key "$slot" 0 0 0 value hex $origin
  here=$PWD
  said=$(cd "$folder" && bpftool batch file "$here/maps.batch" 2>&1) || fail "cannot fill the tables: $said"
  must 'add the addresses of the node' tell locals "$folder"
  for table in pools endpoints members prefixes locals frontends; do
    must "put $table in their place" \
      bpftool map update pinned "$pins/t_$table" key "$slot" 0 0 0 value pinned "$folder/$table"
  done
}

# Pods come and go: an interface that is gone by now needs nothing. Arguments: its index and name, what to do, a command.
on_interface() {
  index=$1 name=$2 what=$3
  shift 3
  said=$("$@" 2>&1) && return 0
  [ "$(index_of "$name")" = "$index" ] && fail "cannot $what $name: $said"
  return 1
}

index_of() {
  ip -o link show dev "$1" 2>/dev/null | sed 's/:.*//'
}

attach_interface() {
  if ! tc qdisc show dev "$2" 2>/dev/null | grep -q '^qdisc clsact '; then
    mkdir -p "$pins/clsact/$1" # ours to remove
    on_interface "$1" "$2" 'add clsact to' tc qdisc add dev "$2" clsact || return 0
  fi
  there=$(tc filter show dev "$2" ingress prio "$priority" 2>/dev/null | sed -n '/ handle /p')
  case $there in
    '' | *' pcl_in:'*) ;;
    *) fail "$2 has somebody else's filter at ingress priority $priority: remove that first" ;;
  esac
  on_interface "$1" "$2" 'attach the program to' \
    tc filter replace dev "$2" ingress protocol all prio "$priority" handle 1 \
    bpf direct-action object-pinned "$pins/prog/$version/pcl_in" || return 0
  attached="$attached $2"
}

attach_interfaces() {
  attached=
  while read -r index name header; do
    case $header in
      known) attach_interface "$index" "$name" ;;
      unknown) echo "apply: $name is left out: packets of it have a link header that the program does not know" >&2 ;;
    esac
  done <<END
$(printf '%s\n' "$node" | sed -n 's/^attach //p')
END
}

attach_sockets() {
  there=$(bpftool cgroup show "$cgroup" 2>&1) || fail "cannot look at control group $cgroup: $there"
  while read -r type name; do
    program=$pins/prog/$version/$name
    id=$(bpftool prog show pinned "$program") || fail "cannot look at $program: $id"
    # A program hangs at a group once, by its number or by a link that portcullis itself has made.
    printf '%s\n' "$there" | awk -v id="${id%%:*}" '$1 == id { found = 1 } END { exit !found }' ||
      must "attach $name to $cgroup" bpftool cgroup attach "$cgroup" "$type" pinned "$program" multi
    for other in $(versions); do
      # It may hang elsewhere or nowhere.
      [ "$other" = "$version" ] ||
        bpftool cgroup detach "$cgroup" "$type" pinned "$pins/prog/$other/$name" >/dev/null 2>&1 || true
    done
  done <<END
connect4 pcl_c4
connect6 pcl_c6
sendmsg4 pcl_s4
sendmsg6 pcl_s6
recvmsg4 pcl_r4
recvmsg6 pcl_r6
getpeername4 pcl_g4
getpeername6 pcl_g6
END
}

forget_other_versions() {
  for other in $(versions); do
    [ "$other" = "$version" ] || rm -rf "$pins/prog/$other"
  done
}

cd "$(dirname "$0")"
check
exec 9<"$parent"
flock -w 30 9 || fail 'another portcullis has been at work on this node for half a minute: wait for it, or end it'
check_sysctls
load_modules
must 'load companion.nft' nft -f companion.nft
load_program
active=$(active_generation)
[ -n "$active" ] || fail "cannot read $pins/active"
slot=$(((active + 1) % 4))
node=$(look)
must 'tell the program about the node' tell config "$pins"
# The companion is there again: nobody is to complain for ever of what happened without it.
must 'reset a counter' bpftool map update pinned "$pins/stats" key "$untranslated" 0 0 0 value 0 0 0 0 0 0 0 0
fill
attach_interfaces
attach_sockets
must 'switch to the new tables' bpftool map update pinned "$pins/active" key 0 0 0 0 value "$slot" 0 0 0
forget_other_versions
echo "applied: generation $slot, interfaces:${attached:- none}"
sh ./conntrack.sh
)sh";

// As one word of a shell.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += R"('\')";
    out += c;
  }
  return out + "'";
}

}  // namespace

std::string apply_script(const Tables& tables, const std::string& text) {
  const Origin origin = origin_of(tables, sha256(text));
  std::string bytes;
  append_bytes(bytes, std::as_bytes(std::span(&origin, 1)));
  std::string out(head);
  out += fmt::format("\nversion={}\norigin='{}'\n", version_of(tables.program), bytes.substr(1));
  out += "# Interfaces of pods: a name, or how names begin.\n";
  out += fmt::format("pods={}\npods_prefix={}\n", shell_word(tables.pod_interface ? tables.pod_interface->name : ""),
                     tables.pod_interface && tables.pod_interface->is_prefix ? 1 : 0);
  const auto scope = [&](net::Family family) { return tables.others_scope[static_cast<std::size_t>(family)]; };
  out += "# The scope of addresses that the tables do not name; the number of a counter.\n";
  out += fmt::format("scope4={}\nscope6={}\nuntranslated={}\n", scope(net::Family::ipv4), scope(net::Family::ipv6),
                     static_cast<int>(PCL_COUNT_NOT_NATTED));
  out += steps;
  return out;
}

}  // namespace portcullis::ebpf
