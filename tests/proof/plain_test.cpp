// The two ways to a proof share no code between the model and the solver, and have to agree: on rulesets that mean
// their programs, and on rulesets with one edit. Longer:
//
//   PORTCULLIS_SEED=1000 PORTCULLIS_PAIRS=100000 ctest -R 'proof:.*plain' --output-on-failure
#include <map>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/proof/mutate.hpp"
#include "tests/proof/subjects.hpp"
#include "verifier/obligations/translation.hpp"
#include "verifier/obligations/translation_plain.hpp"

namespace {

using namespace portcullis;
using obligations::Slices;
using proof::from_environment;
using proof::Subject;
using verdict::Proof;
using verdict::Standing;

Proof by_shapes(const Subject& subject) {
  smt::Session session;
  return obligations::prove_translation("pair", subject.program, subject.model, netfilter::facts(subject.program),
                                        session, obligations::Method::shapes);
}

Proof plainly(const Subject& subject, Slices slices, std::size_t& regions) {
  smt::Session session;
  std::size_t judged = 0;
  const Proof proof = obligations::prove_translation_plainly(
      "pair", subject.program, subject.model, netfilter::facts(subject.program), session, slices, &judged);
  regions += judged;
  return proof;
}

bool decided(const Proof& proof) {
  return proof.standing == Standing::proved || proof.standing == Standing::refuted;
}

std::string text(const Proof& proof) {
  return fmt::format("{} {}", verdict::to_string(proof.standing), proof.reason);
}

}  // namespace

TEST_CASE("shapes and the plain encoding give one verdict, edited or not") {
  const std::uint64_t seed = from_environment("PORTCULLIS_SEED", 1), pairs = from_environment("PORTCULLIS_PAIRS", 220);
  std::map<std::string, std::size_t> tally;
  std::size_t made = 0, regions = 0, undecided = 0;
  for (std::uint64_t s = seed; made < pairs; ++s) {
    proof::Random random(s);
    for (Subject& subject : proof::subjects(s, proof::Size::small)) {
      if (made == pairs) break;
      std::string edit = "no edit";
      if (random() % 4 != 0) {
        const proof::Fault& fault = proof::faults()[random() % proof::faults().size()];
        if (!fault.inject(subject.model, random)) continue;
        edit = fault.kind;
      }
      ++made;
      INFO(subject.name << ": " << edit << ", pair " << made);
      const Proof shapes = by_shapes(subject), plain = plainly(subject, Slices::named, regions);
      INFO("shapes: " << text(shapes) << "\nplain: " << text(plain));
      ++tally[fmt::format("shapes {}, plain {}", verdict::to_string(shapes.standing),
                          verdict::to_string(plain.standing))];
      if (edit == "no edit") CHECK(plain.standing == Standing::proved);
      if (plain.standing == Standing::refuted) CHECK(plain.witness.has_value());
      CHECK_THAT(shapes.reason, !Catch::Contains("the plain encoding does not prove it"));
      if (decided(shapes) && decided(plain)) {
        CHECK(shapes.standing == plain.standing);
      } else {
        ++undecided;
        fmt::print("{}: {}\n  shapes: {}\n  plain: {}\n", subject.name, edit, text(shapes), text(plain));
      }
    }
  }
  for (const auto& [verdicts, count] : tally) fmt::print("{:40} {:5}\n", verdicts, count);
  fmt::print("seeds from {}: {} pairs, {} regions by the plain encoding\n", seed, made, regions);
  CHECK(undecided * 20 < made + 20);
}

TEST_CASE("the plain encoding needs no slices where programs are very small") {
  const std::uint64_t seed = from_environment("PORTCULLIS_SEED", 1), pairs = from_environment("PORTCULLIS_WHOLE", 12);
  std::size_t made = 0, regions = 0;
  for (std::uint64_t s = seed; made < pairs; s += 3) {  // those of two Services
    proof::Random random(s);
    for (Subject& subject : proof::subjects(s, proof::Size::small)) {
      if (made == pairs) break;
      const bool edited = random() % 2 != 0;
      if (edited && !proof::faults()[random() % proof::faults().size()].inject(subject.model, random)) continue;
      ++made;
      INFO(subject.name << ", pair " << made);
      const Proof whole = plainly(subject, Slices::whole, regions), named = plainly(subject, Slices::named, regions);
      INFO("whole: " << text(whole) << "\nnamed: " << text(named));
      if (!edited) CHECK(whole.standing == Standing::proved);
      if (decided(whole) && decided(named)) CHECK(whole.standing == named.standing);
    }
  }
  fmt::print("seeds from {}: {} pairs, {} regions\n", seed, made, regions);
}
