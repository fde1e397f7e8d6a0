// Program → Ruleset: each stage of the program is a few chains of one table (README.md has the picture).

#include <utility>

#include "backends/iptables/builder.hpp"
#include "backends/iptables/checks.hpp"
#include "backends/iptables/iptables.hpp"
#include "backends/iptables/limits.hpp"
#include "backends/iptables/masquerade.hpp"
#include "backends/iptables/routes.hpp"

namespace portcullis::iptables {

Ruleset lower(const ir::Program& program, base::Diagnostics& diagnostics) {
  report_limits(program, diagnostics);
  TableBuilder mangle(TableName::mangle), filter(TableName::filter), nat(TableName::nat);
  add_source_ranges(program, mangle);
  add_hairpin_marks(program, mangle);
  Checks(program, filter).build();
  Routes(program, nat).build();
  add_postrouting(program, nat);

  Ruleset out;
  out.family = program.family;
  out.header = header(program);
  for (TableBuilder* table : {&mangle, &filter, &nat}) {
    if (!table->empty()) out.tables.push_back(table->take());
  }
  return out;
}

}  // namespace portcullis::iptables
