#include "backends/netfilter/surroundings.hpp"

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

}  // namespace portcullis::netfilter
