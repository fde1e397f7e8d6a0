// What the eBPF program means: `decide` and `deliver`, said once, over a domain that says what a table, a source and an
// answer are. Three domains use it:
//
//   evaluate.cpp                  tables of an artefact and one packet: a fate
//   verifier/specialise/tables    tables of an artefact, a known destination and an unknown rest: a decision diagram
//   verifier/bytecode             unknown tables and an unknown packet, as terms: what the shipped instructions are
//                                 proved equal to
//
// It is written apart from bpf/decide.h and shares nothing with it but the numbers of types.h.
//
// A domain D has
//
//   types      Bit, Address, Frontend, Local, Decision, Endpoint, Result
//   control    test(Bit, then, otherwise) for Decision and Result: one of two answers, each a function without
//   arguments bits       any(Bit, Bit), all(Bit, Bit), no(Bit), nothing(): false flow       destination(): Address ·
//   out(), from_pod_interface(): Bit
//              source_in(set), source_is_loopback(), source_is_local(): Bit · in_services(): Bit, of the destination
//   addresses  is_loopback(Address): Bit, IPv4 only · loopback_seen_by(of_loopback): Address, the entry
//              of t_locals for the destination, as a source of 127.0.0.0/8 (true) or another one sees it
//   tables     frontend_of(Address, Found, missing): the flow's protocol and port at the address
//              frontend_in(Local, Found, missing): likewise at the scope of a local address
//              frontend_whole(Address, Found, missing): the key that takes the rest of the address
//              local_at(Address, Found, missing)
//              has_scope(Local), is_here(Local): Bit · source_in_ranges(Frontend): Bit, false where it has none
//   answers    act(Frontend, pod, self, range, out): Decision by the frontend's action of that class
//              left_alone(), dropped(): Decision
//              may_hairpin(Endpoint), hairpins_unchanged(Endpoint), source_is(Endpoint), changes(Endpoint): Bit
//              delivered(Endpoint, masqueraded): Result, or what refuses the packet at that endpoint
#pragma once

#include "backends/ebpf/bpf/types.h"

namespace portcullis::ebpf {

// The frontend's own address comes first, then the scope of the address where it is one of this node, then what takes
// the rest of the address, then the Services' ranges.
template <class D>
typename D::Decision decide(D& d) {
  const auto act = [&](const typename D::Frontend& frontend) {
    const auto pod = d.any(d.from_pod_interface(), d.source_in(PCL_SET_PODS));
    const auto self = d.any(d.source_is_loopback(), d.source_is_local());
    return d.act(frontend, pod, self, d.source_in_ranges(frontend), d.out());
  };
  const auto untaken = [&](const typename D::Bit& here) {
    return d.test(
        d.all(here, d.no(d.out())), [&] { return d.left_alone(); },
        [&] { return d.test(d.in_services(), [&] { return d.dropped(); }, [&] { return d.left_alone(); }); });
  };
  const auto rest = [&](const typename D::Bit& here) {
    return d.frontend_whole(d.destination(), act, [&] { return untaken(here); });
  };
  const auto seen_as = [&](const typename D::Address& address) {
    return d.local_at(
        address,
        [&](const typename D::Local& local) {
          return d.test(
              d.has_scope(local), [&] { return d.frontend_in(local, act, [&] { return rest(d.is_here(local)); }); },
              [&] { return rest(d.is_here(local)); });
        },
        [&] { return rest(d.nothing()); });
  };
  return d.frontend_of(d.destination(), act, [&] {
    return d.test(
        d.is_loopback(d.destination()),
        [&] {
          return d.test(
              d.source_is_loopback(), [&] { return seen_as(d.loopback_seen_by(true)); },
              [&] { return seen_as(d.loopback_seen_by(false)); });
        },
        [&] { return seen_as(d.destination()); });
  });
}

// What becomes of a packet that was given this endpoint: of a pool's slots one is taken by `random · count / 2³²`, or
// the one that the source had last, if the pool is sticky and still has it; which of them, each domain says.
template <class D>
typename D::Result deliver(D& d, const typename D::Endpoint& endpoint, const typename D::Bit& masqueraded) {
  const auto otherwise = [&] {
    return d.test(
        masqueraded, [&] { return d.delivered(endpoint, true); }, [&] { return d.delivered(endpoint, false); });
  };
  const auto hairpin = d.all(d.may_hairpin(endpoint), d.any(d.changes(endpoint), d.hairpins_unchanged(endpoint)));
  return d.test(d.all(hairpin, d.source_is(endpoint)), [&] { return d.delivered(endpoint, true); }, otherwise);
}

}  // namespace portcullis::ebpf
