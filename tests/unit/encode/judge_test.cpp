// Two diagrams are equal or not; but for masquerade, which is all that may differ then.
#include <array>

#include <catch2/catch.hpp>

#include "verifier/encode/equality.hpp"

namespace portcullis::encode {

namespace {

using namespace specialise;
using Kind = Judgement::Kind;

constexpr auto passed = Outcome::End::passed;

class Diagrams {
 public:
  // What becomes of a packet that is left alone, or was translated.
  NodeId ends(Outcome::End end, bool local = false, bool accepted = false, bool masquerade = false) {
    return arena.outcome({end, local, accepted, masquerade});
  }
  NodeId forwards(bool masquerade) { return ends(passed, false, false, masquerade); }
  // Its own endpoint is masqueraded always, others as asked.
  NodeId hairpin(bool others) { return arena.test(arena.atom(SourceIsEndpoint{}), forwards(true), forwards(others)); }
  NodeId to(const char* address, NodeId behind, std::uint16_t port = 8080, const char* label = nullptr,
            std::optional<std::uint32_t> seconds = {}) {
    return arena.to(arena.endpoint(*net::Address::parse(address), port), label == nullptr ? none : arena.label(label),
                    seconds, behind);
  }
  NodeId within(const char* prefix, NodeId then, NodeId otherwise) {
    return arena.test(arena.atom(SourceIn{{Interval::of(*net::Prefix::parse(prefix))}}), then, otherwise);
  }
  NodeId either(NodeId a, NodeId b) { return arena.choice({{{1, 2}, a}, {{1, 2}, b}}); }
  NodeId mostly(NodeId a, NodeId b) { return arena.choice({{{2, 3}, a}, {{1, 3}, b}}); }

  Arena arena;
};

struct Row {
  const char* what;
  NodeId left, right;
  Kind all, but_masquerade;
};

Judgement judge(const Diagrams& d, const Row& row, Agreement agreement, bool share) {
  smt::Session session;
  Judge judge(session, d.arena, net::Family::ipv4, {*net::Address::parse("192.0.2.1")}, agreement);
  judge.share_theorems(share);
  const Key key{*net::Address::parse("10.96.0.80"), net::Protocol::tcp, 80};
  return judge.judge(row.left, row.right, key, {false, net::ConntrackState::fresh});
}

}  // namespace

TEST_CASE("judge: what agrees but for masquerade, and what does not agree at all") {
  Diagrams d;
  const NodeId plain = d.forwards(false), marked = d.forwards(true), dropped = d.ends(Outcome::End::dropped),
               rejected = d.ends(Outcome::End::rejected), local = d.ends(passed, true),
               accepted = d.ends(passed, false, true);
  const char *a = "10.244.1.5", *b = "10.244.2.5", *ours = "10.244.0.0/16";
  const std::array rows{
      Row{"itself", plain, plain, Kind::equal, Kind::equal},
      Row{"left alone, marked or not", plain, marked, Kind::different, Kind::equal},
      Row{"delivered here or passed on", local, plain, Kind::different, Kind::different},
      Row{"accepted or not", accepted, plain, Kind::different, Kind::different},
      Row{"a refusal that is told or not", rejected, dropped, Kind::different, Kind::different},
      Row{"refused or marked", dropped, marked, Kind::different, Kind::different},
      Row{"to one endpoint, masqueraded or not", d.to(a, plain), d.to(a, marked), Kind::different, Kind::equal},
      Row{"to one endpoint, refused there or not", d.to(a, plain), d.to(a, dropped), Kind::different, Kind::different},
      Row{"other endpoints", d.to(a, plain), d.to(b, plain), Kind::different, Kind::different},
      Row{"another port", d.to(a, plain), d.to(a, plain, 8081), Kind::different, Kind::different},
      Row{"only its own endpoint is masqueraded", d.to(a, d.hairpin(false)), d.to(a, plain), Kind::different,
          Kind::equal},
      Row{"its own endpoint, and everybody", d.to(a, d.hairpin(false)), d.to(a, marked), Kind::different, Kind::equal},
      Row{"masqueraded from outside only", d.within(ours, d.to(a, plain), d.to(a, marked)), d.to(a, plain),
          Kind::different, Kind::equal},
      Row{"masqueraded from inside only", d.within(ours, d.to(a, marked), d.to(a, plain)), d.to(a, marked),
          Kind::different, Kind::equal},
      Row{"from outside elsewhere", d.within(ours, d.to(a, plain), d.to(b, marked)), d.to(a, plain), Kind::different,
          Kind::different},
      Row{"from outside refused", d.within(ours, d.to(a, plain), dropped), d.to(a, plain), Kind::different,
          Kind::different},
      Row{"two endpoints, masqueraded or not", d.either(d.to(a, plain), d.to(b, plain)),
          d.either(d.to(a, marked), d.to(b, marked)), Kind::different, Kind::equal},
      Row{"one of two masqueraded", d.either(d.to(a, plain), d.to(b, plain)), d.either(d.to(a, plain), d.to(b, marked)),
          Kind::different, Kind::equal},
      Row{"one of two refused", d.either(d.to(a, plain), d.to(b, plain)), d.either(d.to(a, plain), d.to(b, dropped)),
          Kind::different, Kind::different},
      Row{"other weights", d.either(d.to(a, plain), d.to(b, plain)), d.mostly(d.to(a, plain), d.to(b, plain)),
          Kind::different, Kind::different},
      Row{"one endpoint or two", d.to(a, plain), d.either(d.to(a, plain), d.to(b, plain)), Kind::different,
          Kind::different},
      Row{"remembered or not", d.to(a, plain, 8080, "web a", 600), d.to(a, marked), Kind::different, Kind::different},
      Row{"remembered for another time", d.to(a, plain, 8080, "web a", 600), d.to(a, marked, 8080, "web a", 601),
          Kind::different, Kind::different},
      Row{"remembered alike, masqueraded or not", d.to(a, plain, 8080, "web a", 600),
          d.to(a, marked, 8080, "web a", 600), Kind::different, Kind::equal},
  };
  for (const Row& row : rows) {
    for (const bool share : {true, false}) {
      INFO(row.what << (share ? "" : ", by itself"));
      const Judgement all = judge(d, row, Agreement::all, share);
      CHECK(all.kind == row.all);
      CHECK(judge(d, row, Agreement::but_masquerade, share).kind == row.but_masquerade);
      // Either way round.
      const Row back{row.what, row.right, row.left, row.all, row.but_masquerade};
      CHECK(judge(d, back, Agreement::all, share).kind == row.all);
      CHECK(judge(d, back, Agreement::but_masquerade, share).kind == row.but_masquerade);
      if (row.all == Kind::different) CHECK(all.witness);
    }
  }
}

TEST_CASE("judge: the witness is of those that differ") {
  Diagrams d;
  const NodeId plain = d.forwards(false), marked = d.forwards(true), dropped = d.ends(Outcome::End::dropped);
  const net::Prefix ours = *net::Prefix::parse("10.244.0.0/16"), some = *net::Prefix::parse("10.244.7.0/24");
  // Inside, some are refused; outside, all are masqueraded, which is no matter.
  const NodeId left = d.within("10.244.0.0/16", d.within("10.244.7.0/24", dropped, plain), marked);
  const NodeId right = plain;
  const Judgement strict = judge(d, {"", left, right, {}, {}}, Agreement::all, true);
  REQUIRE(strict.witness);
  CHECK((some.contains(strict.witness->src) || !ours.contains(strict.witness->src)));
  const Judgement loose = judge(d, {"", left, right, {}, {}}, Agreement::but_masquerade, true);
  REQUIRE(loose.witness);
  CHECK(some.contains(loose.witness->src));
}

TEST_CASE("judge: what has no model is unknown, and only where it is reached") {
  Diagrams d;
  const NodeId plain = d.forwards(false), marked = d.forwards(true), open = d.arena.unknown("a rule without a model");
  const Row same{"", d.within("10.244.0.0/16", open, plain), d.within("10.244.0.0/16", open, marked), {}, {}};
  for (const Agreement agreement : {Agreement::all, Agreement::but_masquerade}) {
    const Judgement j = judge(d, same, agreement, true);
    CHECK(j.kind == Kind::unknown);
    CHECK(j.reason == "a rule without a model");
  }
}

}  // namespace portcullis::encode
