#include "verifier/specialise/hooks.hpp"

namespace portcullis::specialise {

using namespace netfilter;

bool Hooks::next_base_chain(RunState& s) {
  for (;;) {
    const auto& chains = indexed_.base_chains[static_cast<std::size_t>(s.hook)];
    while (s.next_base < chains.size()) {
      const ChainId id = chains[s.next_base++];
      const Chain& chain = model_.chains[id];
      if (family_ == net::Family::ipv4 ? !chain.ipv4 : !chain.ipv6) continue;
      if (chain.base->type == ChainType::nat) {
        const bool destination_nat = s.hook == Hook::prerouting || s.hook == Hook::output;
        if (fields_.state() != net::ConntrackState::fresh || s.translated_here || (s.looped && destination_nat))
          continue;
      }
      s.base = id;
      s.depth = 1;
      s.stack[0] = {id, 0};
      s.statement = 0;
      return true;
    }
    if (!next_hook(s)) return false;
    s.next_base = 0;
    s.translated_here = false;
  }
}

bool Hooks::next_hook(RunState& s) {
  switch (s.hook) {
    case Hook::output:
      s.hook = Hook::postrouting;
      return true;
    case Hook::prerouting:
      s.hook = fields_.local(s) ? Hook::input : Hook::forward;
      return true;
    case Hook::forward:
      s.hook = Hook::postrouting;
      return true;
    case Hook::postrouting:
      if (!fields_.local(s) || !fields_.from_node()) return false;
      s.looped = true;
      s.hook = Hook::prerouting;
      return true;
    case Hook::input:
      return false;
  }
  return false;
}

}  // namespace portcullis::specialise
