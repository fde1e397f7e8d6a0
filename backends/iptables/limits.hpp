// What this target cannot do exactly as the program says (design: the only differences allowed between backends), and
// what a node must have for the rules to mean what they say.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l4/program.hpp"

namespace portcullis::iptables {

//   feature                              here
//   session affinity            approximated: xt_recent keeps ip_list_tot sources an endpoint (100 unless raised),
//   PC5003 SCTP                        needs xt_sctp and a conntrack that knows it, PC5001 interface detector `name+`
//   refused: iptables reads a `+` at the end as a prefix, PC5002 accept past a FORWARD drop  exact: our jump comes
//   first
void report_limits(const ir::Program& program, base::Diagnostics& diagnostics);

// The lines in front of the text: what it is for, and one `requires …` line a presumption.
[[nodiscard]] std::vector<std::string> header(const ir::Program& program);

}  // namespace portcullis::iptables
