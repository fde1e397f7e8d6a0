// apply.sh: puts an artefact into a kernel, for those who do not use `portcullis apply`.
#pragma once

#include <string>

namespace portcullis::iptables {

// POSIX shell. For each family: loads its file if there is one (each table in one step), adds the jumps that `-C`
// misses, then removes what an earlier load has left: jumps to chains of ours that jumps.rules does not have, and
// chains of ours that the file does not declare. A family without a file keeps nothing of ours. Rules and chains whose
// names do not begin with PCL- are never touched.
//
// IPTABLES and IP6TABLES choose the variant (`IPTABLES=iptables-legacy`); IPTABLES_RESTORE, IPTABLES_SAVE and their
// IPv6 forms follow from them. Last comes conntrack.sh.
[[nodiscard]] std::string apply_script();

}  // namespace portcullis::iptables
