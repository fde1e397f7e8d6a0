#include "backends/netfilter/surroundings.hpp"

#include <algorithm>

#include "compiler/base/error.hpp"

namespace portcullis::netfilter {

void add_foreign_checks(Model& model, const ir::Program& program) {
  for (const ir::Check& check : program.checks) {
    if (!check.foreign) continue;
    const bool is_policy = std::holds_alternative<ir::AnyPacket>(check.match) && check.states == ir::States::any &&
                           check.verdict == ir::Verdict::drop;
    if (!is_policy) throw base::InternalError("a foreign check that is no policy: " + check.owner);
    const auto add = [&](bool wanted, Hook hook) {
      if (!wanted) return;
      Chain chain;
      chain.table = "foreign";
      chain.name = std::string(to_string(hook));
      chain.ipv4 = program.family == net::Family::ipv4;
      chain.ipv6 = !chain.ipv4;
      chain.base = BaseHook{ChainType::filter, hook, 0, true};
      model.chains.push_back(std::move(chain));
    };
    add(check.hooks.input, Hook::input);
    add(check.hooks.forward, Hook::forward);
    add(check.hooks.output, Hook::output);
  }
}

void set_foreign_policies(Model& model, const ir::Program& program) {
  const std::size_t own = model.chains.size();
  add_foreign_checks(model, program);
  for (std::size_t i = own; i < model.chains.size();) {
    const Hook hook = model.chains[i].base->hook;
    const auto built_in = std::ranges::find_if(
        model.chains.begin(), model.chains.begin() + static_cast<std::ptrdiff_t>(own),
        [hook](const Chain& c) { return c.base && c.base->hook == hook && c.table.ends_with("filter"); });
    if (built_in == model.chains.begin() + static_cast<std::ptrdiff_t>(own)) {
      ++i;  // a chain of its own does as well: nothing of ours accepts there
      continue;
    }
    built_in->base->policy_drop = true;
    model.chains.erase(model.chains.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace portcullis::netfilter
