// The meaning of the program (backends/ebpf/meaning.hpp) as terms: an unknown packet, and tables of which nothing is
// known. Written from types.h and the meaning alone.
#pragma once

#include <cstdint>
#include <type_traits>

#include "verifier/bytecode/tables.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::bytecode {

// struct pcl_flow.
struct Flow {
  explicit Flow(smt::Session& session);
  smt::Term source, destination;  // 128 bits
  smt::Term port;                 // 16
  smt::Term protocol, origin;     // 8
  smt::Term generation;           // 32
  smt::Term memory;               // all of it
};

// What `choose` is asked besides.
struct Question {
  explicit Question(smt::Session& session);
  smt::Term decision;       // 64 bits
  smt::Term nothing_known;  // `remembered` is null
  smt::Term remembered;     // struct pcl_memory
  smt::Term random;         // 32 bits
};

// What `choose` answers: a verdict, and struct pcl_choice, which only counts with PCL_DNAT.
struct Delivery {
  smt::Term verdict;  // 32 bits
  smt::Term choice;   // 160
};

class TermsDomain {
 public:
  using Bit = smt::Term;
  using Address = smt::Term;   // 128 bits
  using Frontend = smt::Term;  // struct pcl_frontend
  using Local = smt::Term;     // struct pcl_local
  using Decision = smt::Term;  // 64 bits
  using Endpoint = smt::Term;  // struct pcl_endpoint
  using Result = Delivery;

  TermsDomain(smt::Session& session, Tables& tables, const Flow& flow)
      : session_(session), tables_(tables), flow_(flow) {}

  template <class Then, class Otherwise>
  auto test(Bit condition, Then then, Otherwise otherwise) {
    const auto a = then();
    const auto b = otherwise();
    if constexpr (std::is_same_v<std::decay_t<decltype(a)>, Delivery>)
      return Delivery{session_.choose(condition, a.verdict, b.verdict), session_.choose(condition, a.choice, b.choice)};
    else
      return session_.choose(condition, a, b);
  }

  [[nodiscard]] Bit any(Bit a, Bit b) { return session_.any({a, b}); }
  [[nodiscard]] Bit all(Bit a, Bit b) { return session_.all({a, b}); }
  [[nodiscard]] Bit no(Bit a) { return session_.no(a); }
  [[nodiscard]] Bit nothing() { return session_.truth(false); }

  [[nodiscard]] Address destination() const { return flow_.destination; }
  [[nodiscard]] Bit out();
  [[nodiscard]] Bit from_pod_interface();
  [[nodiscard]] Bit source_in(std::uint32_t set);
  [[nodiscard]] Bit source_is_loopback() { return is_loopback(flow_.source); }
  [[nodiscard]] Bit source_is_local();
  [[nodiscard]] Bit in_services();
  [[nodiscard]] Bit is_loopback(Address address);
  [[nodiscard]] Address loopback_seen_by(bool of_loopback);

  template <class Found, class Missing>
  auto frontend_of(Address address, Found found, Missing missing) {
    return look_up(Table::frontends, frontend_key(address, flow_.port, flow_.protocol, number(0, 1)), found, missing);
  }
  template <class Found, class Missing>
  auto frontend_in(Local local, Found found, Missing missing) {
    return look_up(Table::frontends, frontend_key(number(0, 16), flow_.port, flow_.protocol, scope_of(local)), found,
                   missing);
  }
  template <class Found, class Missing>
  auto frontend_whole(Address address, Found found, Missing missing) {
    return look_up(Table::frontends, frontend_key(address, number(0, 2), number(0, 1), number(0, 1)), found, missing);
  }
  template <class Found, class Missing>
  auto local_at(Address address, Found found, Missing missing) {
    return look_up(Table::locals, address, found, missing);
  }

  [[nodiscard]] Bit has_scope(Local local);
  [[nodiscard]] Bit is_here(Local local);
  [[nodiscard]] Bit source_in_ranges(Frontend frontend);
  [[nodiscard]] Decision act(Frontend frontend, Bit pod, Bit self, Bit range, Bit out);
  [[nodiscard]] Decision left_alone();
  [[nodiscard]] Decision dropped();

  [[nodiscard]] Bit may_hairpin(Endpoint endpoint);
  [[nodiscard]] Bit hairpins_unchanged(Endpoint endpoint);
  [[nodiscard]] Bit source_is(Endpoint endpoint);
  [[nodiscard]] Bit changes(Endpoint endpoint);
  [[nodiscard]] Result delivered(Endpoint endpoint, bool masqueraded);

  // Not of the meaning's template: which slot of which pool `choose` takes, and what comes of it.
  [[nodiscard]] Result chosen(const Question& question);

 private:
  template <class Found, class Missing>
  auto look_up(Table table, smt::Term key, Found found, Missing missing) {
    const Entry entry = tables_.ask(table, key);
    return test(entry.present, [&] { return found(entry.contents); }, missing);
  }
  [[nodiscard]] smt::Term frontend_key(Address address, smt::Term port, smt::Term protocol, smt::Term scope);
  [[nodiscard]] smt::Term scope_of(Local local);
  [[nodiscard]] Bit in_set(smt::Term set, Address address);
  [[nodiscard]] Result refused(std::uint32_t verdict);
  [[nodiscard]] smt::Term slot_of(const Question& question, smt::Term pool);
  [[nodiscard]] Bit has_bits(smt::Term value, std::uint64_t bits);
  [[nodiscard]] Bit is_zero(smt::Term value);
  [[nodiscard]] smt::Term number(std::uint64_t value, std::size_t size);  // of so many bytes

  smt::Session& session_;
  Tables& tables_;
  const Flow& flow_;
};

}  // namespace portcullis::bytecode
