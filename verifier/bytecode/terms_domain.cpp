#include "verifier/bytecode/terms_domain.hpp"

#include <array>
#include <cstddef>

#include "backends/ebpf/bpf/types.h"
#include "backends/ebpf/meaning.hpp"

namespace portcullis::bytecode {

namespace {

// Of an IPv4 address as 16 bytes: zeros, two bytes of ones, the address.
constexpr std::size_t mapped_zeros = 10, mapped_ones = 2, mapped_address = 12;
constexpr std::uint64_t all_ones16 = 0xFFFF, loopback_byte = 127;

constexpr std::uint32_t network_order(std::uint32_t value) {
  return value << 24U | (value << 8U & 0xFF0000U) | (value >> 8U & 0xFF00U) | value >> 24U;
}

}  // namespace

Flow::Flow(smt::Session& session)
    : source(session.bits("flow.source", 8 * sizeof(pcl_addr))),
      destination(session.bits("flow.destination", 8 * sizeof(pcl_addr))),
      port(session.bits("flow.port", 16)),
      protocol(session.bits("flow.protocol", 8)),
      origin(session.bits("flow.origin", 8)),
      generation(session.bits("flow.generation", 32)),
      memory(packed(session, {source, destination, port, protocol, origin, generation})) {}

Question::Question(smt::Session& session)
    : decision(session.bits("decision", 64)),
      nothing_known(session.boolean("nothing remembered")),
      remembered(session.bits("remembered", 8 * sizeof(pcl_memory))),
      random(session.bits("random", 32)) {}

smt::Term TermsDomain::number(std::uint64_t value, std::size_t size) {
  return session_.number(value, static_cast<unsigned>(8 * size));
}

TermsDomain::Bit TermsDomain::is_zero(smt::Term value) {
  return session_.equal(value, session_.number(0, session_.width(value)));
}

TermsDomain::Bit TermsDomain::has_bits(smt::Term value, std::uint64_t bits) {
  return no(is_zero(session_.bit_and(value, session_.number(bits, session_.width(value)))));
}

// ---- decide

TermsDomain::Bit TermsDomain::out() {
  return has_bits(flow_.origin, PCL_ORIGIN_OUT);
}

TermsDomain::Bit TermsDomain::from_pod_interface() {
  return has_bits(flow_.origin, PCL_ORIGIN_POD);
}

TermsDomain::Bit TermsDomain::in_set(smt::Term set, Address address) {
  constexpr std::uint64_t whole = 8 * (sizeof(pcl_u32) + sizeof(pcl_addr));
  return tables_
      .ask(Table::prefixes, packed(session_, {number(whole, sizeof(pcl_u32)), swapped(session_, set), address}))
      .present;
}

TermsDomain::Bit TermsDomain::source_in(std::uint32_t set) {
  return in_set(number(set, sizeof(pcl_u32)), flow_.source);
}

TermsDomain::Bit TermsDomain::in_services() {
  return in_set(number(PCL_SET_SERVICES, sizeof(pcl_u32)), flow_.destination);
}

TermsDomain::Bit TermsDomain::source_is_local() {
  const Entry entry = tables_.ask(Table::locals, flow_.source);
  return all(entry.present, is_here(entry.contents));
}

TermsDomain::Bit TermsDomain::is_loopback(Address address) {
  return session_.all(
      {is_zero(bytes_of(session_, address, 0, mapped_zeros)),
       session_.equal(bytes_of(session_, address, mapped_zeros, mapped_ones), number(all_ones16, mapped_ones)),
       session_.equal(bytes_of(session_, address, mapped_address, 1), number(loopback_byte, 1))});
}

TermsDomain::Address TermsDomain::loopback_seen_by(bool of_loopback) {
  const auto entry = [&](std::uint32_t address) {
    return packed(session_, {number(0, mapped_zeros), number(all_ones16, mapped_ones),
                             number(network_order(address), sizeof(address))});
  };
  const std::uint32_t itself = PCL_LOOPBACK + (of_loopback ? 0 : PCL_LOOPBACK_ELSEWHERE);
  return session_.choose(session_.equal(flow_.destination, entry(PCL_LOOPBACK)), entry(itself),
                         entry(itself + PCL_LOOPBACK_OTHER));
}

smt::Term TermsDomain::frontend_key(Address address, smt::Term port, smt::Term protocol, smt::Term scope) {
  return packed(session_, {address, port, protocol, scope});
}

smt::Term TermsDomain::scope_of(Local local) {
  return bytes_of(session_, local, offsetof(pcl_local, scope), sizeof(pcl_local::scope));
}

TermsDomain::Bit TermsDomain::has_scope(Local local) {
  return no(is_zero(scope_of(local)));
}

TermsDomain::Bit TermsDomain::is_here(Local local) {
  return no(is_zero(bytes_of(session_, local, offsetof(pcl_local, local), sizeof(pcl_local::local))));
}

TermsDomain::Bit TermsDomain::source_in_ranges(Frontend frontend) {
  const smt::Term ranges = bytes_of(session_, frontend, offsetof(pcl_frontend, ranges), sizeof(pcl_frontend::ranges));
  return all(no(is_zero(ranges)), in_set(ranges, flow_.source));
}

TermsDomain::Decision TermsDomain::act(Frontend frontend, Bit pod, Bit self, Bit range, Bit out) {
  const std::array<std::pair<unsigned, Bit>, 4> bits{
      {{PCL_CLASS_POD, pod}, {PCL_CLASS_SELF, self}, {PCL_CLASS_RANGE, range}, {PCL_CLASS_OUT, out}}};
  smt::Term action = bytes_of(session_, frontend, offsetof(pcl_frontend, action), 1);
  for (unsigned of_class = 1; of_class < PCL_CLASSES; ++of_class) {
    std::array<Bit, 4> is;
    for (std::size_t i = 0; i < bits.size(); ++i)
      is.at(i) = (of_class & bits.at(i).first) != 0 ? bits.at(i).second : no(bits.at(i).second);
    action = session_.choose(session_.all(is),
                             bytes_of(session_, frontend, offsetof(pcl_frontend, action) + of_class, 1), action);
  }
  const auto pool_at = [&](std::size_t i) {
    return bytes_of(session_, frontend, offsetof(pcl_frontend, pool) + i * sizeof(pcl_u32), sizeof(pcl_u32));
  };
  const smt::Term which = session_.bit_and(action, number(PCL_ACTION_POOL, 1));
  const auto is_pool = [&](std::uint64_t i) { return session_.equal(which, number(i << PCL_ACTION_POOL_SHIFT, 1)); };
  const smt::Term pool = session_.choose(is_pool(0), pool_at(0), session_.choose(is_pool(1), pool_at(1), pool_at(2)));
  const smt::Term verdict = session_.bit_and(action, number(PCL_ACTION_VERDICT, 1));
  const smt::Term masquerade =
      session_.choose(has_bits(action, PCL_ACTION_MASQUERADE), number(PCL_DECISION_MASQUERADE, sizeof(pcl_u32)),
                      number(0, sizeof(pcl_u32)));
  return packed(session_, {session_.sum({masquerade, session_.widen(verdict, 32)}), pool});
}

TermsDomain::Decision TermsDomain::left_alone() {
  return number(PCL_NONE, sizeof(pcl_u64));
}

TermsDomain::Decision TermsDomain::dropped() {
  return number(PCL_DROP, sizeof(pcl_u64));
}

// ---- choose

namespace {

smt::Term address_of(smt::Session& session, smt::Term endpoint) {
  return bytes_of(session, endpoint, offsetof(pcl_endpoint, address), sizeof(pcl_endpoint::address));
}

smt::Term port_of(smt::Session& session, smt::Term endpoint) {
  return bytes_of(session, endpoint, offsetof(pcl_endpoint, port), sizeof(pcl_endpoint::port));
}

smt::Term flags_of(smt::Session& session, smt::Term endpoint) {
  return bytes_of(session, endpoint, offsetof(pcl_endpoint, flags), sizeof(pcl_endpoint::flags));
}

}  // namespace

TermsDomain::Bit TermsDomain::may_hairpin(Endpoint endpoint) {
  return has_bits(flags_of(session_, endpoint), PCL_ENDPOINT_HAIRPIN);
}

TermsDomain::Bit TermsDomain::hairpins_unchanged(Endpoint endpoint) {
  return has_bits(flags_of(session_, endpoint), PCL_ENDPOINT_HAIRPIN_SAME);
}

TermsDomain::Bit TermsDomain::source_is(Endpoint endpoint) {
  return session_.equal(flow_.source, address_of(session_, endpoint));
}

TermsDomain::Bit TermsDomain::changes(Endpoint endpoint) {
  return any(no(session_.equal(flow_.destination, address_of(session_, endpoint))),
             no(session_.equal(flow_.port, port_of(session_, endpoint))));
}

TermsDomain::Result TermsDomain::refused(std::uint32_t verdict) {
  return {number(verdict, sizeof(pcl_u32)), number(0, sizeof(pcl_choice))};
}

TermsDomain::Result TermsDomain::delivered(Endpoint endpoint, bool masqueraded) {
  const unsigned bit = PCL_ENDPOINT_REFUSAL_SHIFT + (masqueraded ? 2U : 0U);
  const auto refusal_at = [&](unsigned lowest) {
    return session_.widen(session_.extract(flags_of(session_, endpoint), lowest + 1, lowest), 32);
  };
  const smt::Term refusal = session_.choose(out(), refusal_at(bit + 4), refusal_at(bit));
  const Delivery taken{number(PCL_DNAT, sizeof(pcl_u32)),
                       packed(session_, {address_of(session_, endpoint), port_of(session_, endpoint),
                                         number(masqueraded ? 1 : 0, 1), number(0, 1)})};
  const Delivery not_taken{refusal, number(0, sizeof(pcl_choice))};
  const Bit refuses = no(session_.at_most(refusal, number(PCL_DNAT, sizeof(pcl_u32))));
  return test(refuses, [&] { return not_taken; }, [&] { return taken; });
}

// A slot by the random number, or the one that is remembered.
smt::Term TermsDomain::slot_of(const Question& question, smt::Term pool) {
  const auto field = [&](std::size_t offset) { return bytes_of(session_, pool, offset, sizeof(pcl_u32)); };
  const smt::Term scaled =
      session_.product(session_.widen(question.random, 64), session_.widen(field(offsetof(pcl_pool, count)), 64));
  const smt::Term by_chance = session_.sum({field(offsetof(pcl_pool, first)), session_.extract(scaled, 63, 32)});
  const smt::Term number_of_pool = session_.extract(question.decision, 63, 32);
  const Entry member = tables_.ask(
      Table::members,
      packed(session_,
             {number_of_pool, bytes_of(session_, question.remembered, offsetof(pcl_memory, address), sizeof(pcl_addr)),
              bytes_of(session_, question.remembered, offsetof(pcl_memory, port), sizeof(pcl_u16)),
              number(0, sizeof(pcl_u16))}));
  const Bit remembers =
      session_.all({no(is_zero(field(offsetof(pcl_pool, sticky)))), no(question.nothing_known), member.present});
  return session_.choose(remembers, member.contents, by_chance);
}

TermsDomain::Result TermsDomain::chosen(const Question& question) {
  const auto none = [&] { return refused(PCL_NONE); };
  return look_up(
      Table::pools, session_.extract(question.decision, 63, 32),
      [&](smt::Term pool) {
        return test(is_zero(bytes_of(session_, pool, offsetof(pcl_pool, count), sizeof(pcl_u32))), none, [&] {
          return look_up(
              Table::endpoints, slot_of(question, pool),
              [&](smt::Term endpoint) {
                return ebpf::deliver(*this, endpoint, has_bits(question.decision, PCL_DECISION_MASQUERADE));
              },
              none);
        });
      },
      none);
}

}  // namespace portcullis::bytecode
