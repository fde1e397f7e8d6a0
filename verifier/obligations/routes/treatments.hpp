// What is done with requests of one region, without what the region has already decided: a list of cases whose
// conditions are about the rest of the request. Equal lists have equal numbers, whichever router they come from.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/ir/l7/router.hpp"

namespace portcullis::routes {

using ir::l7::Router;

// A question about a request that its name and path do not answer.
struct Atom {
  ir::l7::Condition::Kind kind{};
  std::string name;  // of headers in lower case
  std::vector<std::string> values;
  std::uint64_t number = 0;
  net::PrefixSet sources;  // of source_in
  auto operator<=>(const Atom&) const = default;
};
using AtomId = std::uint32_t;

// What a step answers.
struct Leaf {
  enum class Kind : std::uint8_t { forward, redirect, status, refuse, unknown };
  Kind kind = Kind::status;
  std::string shares;  // who answers, and with which share; the status: two leaves that differ here never agree
  std::string text;    // the rest of what decisions tell apart
  std::string beside;  // what no decision shows, as far as somebody wants to know (Aspects)
  std::vector<std::string> services;  // of forward: `ns/name:80` of all that get a share
  bool rewritten = false;
  auto operator<=>(const Leaf&) const = default;
};
using LeafId = std::uint32_t;

// What is looked at beside decisions.
struct Aspects {
  bool certificates = true;  // which one is shown in a handshake
  bool targets = true;       // addresses and ports of the backends
  bool settings = true;      // rates, cookies of affinity, how an endpoint is chosen, replaced pages
};

struct Test {
  AtomId atom = 0;
  bool negated = false;
  auto operator<=>(const Test&) const = default;
};
struct Case {
  std::vector<Test> when;           // all of them; sorted
  LeafId plain = 0, encrypted = 0;  // over http, over https
  auto operator<=>(const Case&) const = default;
};
using TreatmentId = std::uint32_t;
struct Treatment {
  std::vector<Case> cases;  // the first that holds; the last holds always
  auto operator<=>(const Treatment&) const = default;
};

// What the region says.
struct Facts {
  std::string_view name;  // of the host
  std::string_view path;
};

class Treatments {
 public:
  explicit Treatments(Aspects aspects = {}) : aspects_(aspects) {}

  // The steps of `before` (may be null), then those of the treatment. The router outlives this.
  [[nodiscard]] TreatmentId of(const Router& router, const ir::l7::Steps* before, const ir::l7::Steps& steps,
                               const Facts& facts);
  // The steps of `before` (may be null); behind them nobody can tell, and why.
  [[nodiscard]] TreatmentId unknown(const Router& router, const ir::l7::Steps* before, const std::string& why,
                                    const Facts& facts);
  // What is done with connections that are passed through.
  [[nodiscard]] LeafId passed_through(const Router& router, const ir::l7::Passthrough& passthrough);

  [[nodiscard]] const Treatment& treatment(TreatmentId id) const { return *treatments_[id]; }
  [[nodiscard]] const Atom& atom(AtomId id) const { return *atoms_[id]; }
  [[nodiscard]] const Leaf& leaf(LeafId id) const { return *leaves_[id]; }
  [[nodiscard]] std::size_t size() const { return treatments_.size(); }

 private:
  enum class Known : std::uint8_t { no, yes, open };
  [[nodiscard]] static Known known(const Router& router, const ir::l7::Condition& condition, const Facts& facts);
  // False: no request gets past these steps; past this step.
  bool add(const Router& router, const ir::l7::Steps& steps, const Facts& facts, Treatment& to);
  bool add(const Router& router, const ir::l7::Step& step, const Facts& facts, Treatment& to);
  AtomId atom_of(const Router& router, const ir::l7::Condition& condition);
  LeafId leaf_of(const Router& router, const ir::l7::Step& step, bool https);

  template <class T>
  struct Pool {
    std::map<T, std::uint32_t> ids;
  };
  template <class T>
  static std::uint32_t intern(Pool<T>& pool, std::vector<const T*>& list, T value);

  Aspects aspects_;
  Pool<Atom> atom_ids_;
  std::vector<const Atom*> atoms_;
  Pool<Leaf> leaf_ids_;
  std::vector<const Leaf*> leaves_;
  Pool<Treatment> treatment_ids_;
  std::vector<const Treatment*> treatments_;
  // By step and scheme, by condition: what was made before.
  std::map<std::pair<const void*, bool>, LeafId> leaf_memo_;
  std::map<const void*, AtomId> atom_memo_;
};

// Whether the name counts as TLS-enabled.
[[nodiscard]] bool is_tls_name(const Router& router, std::string_view name);

}  // namespace portcullis::routes
