#include "verifier/obligations/routes/treatments.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "verifier/languages/bytes.hpp"
#include "verifier/obligations/routes/leaves.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::Condition;
using ir::l7::Step;

std::string in_lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), languages::lower);
  return text;
}

bool is_of_header(Condition::Kind kind) {
  return kind == Condition::Kind::header_is || kind == Condition::Kind::header_matches ||
         kind == Condition::Kind::header_ends;
}

// Two tests that no request passes together.
bool contradictory(const std::vector<Test>& when) {
  for (std::size_t i = 1; i < when.size(); ++i)
    if (when[i].atom == when[i - 1].atom && when[i].negated != when[i - 1].negated) return true;
  return false;
}

// What a step says of rates: a request is above one or not, whichever it is.
std::string rates_text(const Step& step) {
  std::string text;
  for (const Condition& condition : step.when) {
    if (condition.kind != Condition::Kind::over_rate) continue;
    text += fmt::format("{}{}above {} {}", text.empty() ? "" : ", ", condition.negated ? "not " : "", condition.number,
                        fmt::join(condition.values, " "));
  }
  return text;
}

}  // namespace

bool is_tls_name(const Router& router, std::string_view name) {
  const auto has = [&](const std::string& wanted) { return std::ranges::binary_search(router.tls_names, wanted); };
  if (has(std::string(name))) return true;
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && has("*" + std::string(name.substr(dot)));
}

template <class T>
std::uint32_t Treatments::intern(Pool<T>& pool, std::vector<const T*>& list, T value) {
  const auto [at, fresh] = pool.ids.emplace(std::move(value), static_cast<std::uint32_t>(list.size()));
  if (fresh) list.push_back(&at->first);
  return at->second;
}

Treatments::Known Treatments::known(const Router& router, const Condition& condition, const Facts& facts) {
  const auto sure = [&](bool holds) { return holds != condition.negated ? Known::yes : Known::no; };
  if (condition.kind == Condition::Kind::path_is) return sure(facts.path == condition.values.at(0));
  if (condition.kind == Condition::Kind::tls_name) return sure(is_tls_name(router, facts.name));
  // nginx drops headers with `_` in their names (reference K6).
  if (is_of_header(condition.kind) && router.host_form == ir::l7::HostForm::nginx &&
      condition.name.find('_') != std::string::npos)
    return sure(false);
  return Known::open;
}

AtomId Treatments::atom_of(const Router& router, const Condition& condition) {
  if (const auto found = atom_memo_.find(&condition); found != atom_memo_.end()) return found->second;
  Atom atom{condition.kind, condition.name, condition.values, 0, {}};
  if (is_of_header(condition.kind)) atom.name = in_lower_case(atom.name);
  if (condition.kind == Condition::Kind::header_ends) std::ranges::sort(atom.values);
  if (condition.kind == Condition::Kind::body_over) atom.number = condition.number;
  if (condition.kind == Condition::Kind::over_rate) {  // one answer for all rates
    atom.name.clear();
    atom.values.clear();
  }
  if (condition.kind == Condition::Kind::source_in) atom.sources = router.ranges.at(condition.number).sources;
  const AtomId id = intern(atom_ids_, atoms_, std::move(atom));
  atom_memo_.emplace(&condition, id);
  return id;
}

LeafId Treatments::leaf_of(const Router& router, const Step& step, bool https) {
  const std::pair<const void*, bool> key{&step, https};
  if (const auto found = leaf_memo_.find(key); found != leaf_memo_.end()) return found->second;
  Leaf made = leaf_of_answer(router, step.answer, https, aspects_);
  if (aspects_.settings) {
    const std::string rates = rates_text(step);
    if (!rates.empty()) made.beside += (made.beside.empty() ? "" : "; ") + rates;
  }
  const LeafId id = intern(leaf_ids_, leaves_, std::move(made));
  leaf_memo_.emplace(key, id);
  return id;
}

bool Treatments::add(const Router& router, const Step& step, const Facts& facts, Treatment& to) {
  Case made;
  for (const Condition& condition : step.when) {
    const Known answer = known(router, condition, facts);
    if (answer == Known::no) return true;
    if (answer == Known::open) made.when.push_back({atom_of(router, condition), condition.negated});
  }
  std::ranges::sort(made.when);
  made.when.erase(std::unique(made.when.begin(), made.when.end()), made.when.end());
  if (contradictory(made.when)) return true;
  made.plain = leaf_of(router, step, false);
  made.encrypted = leaf_of(router, step, true);
  const bool always = made.when.empty();
  to.cases.push_back(std::move(made));
  return !always;
}

bool Treatments::add(const Router& router, const ir::l7::Steps& steps, const Facts& facts, Treatment& to) {
  return std::ranges::all_of(steps, [&](const Step& step) { return add(router, step, facts, to); });
}

TreatmentId Treatments::of(const Router& router, const ir::l7::Steps* before, const ir::l7::Steps& steps,
                           const Facts& facts) {
  Treatment made;
  if (before == nullptr || add(router, *before, facts, made)) (void)add(router, steps, facts, made);
  return intern(treatment_ids_, treatments_, std::move(made));
}

TreatmentId Treatments::unknown(const Router& router, const ir::l7::Steps* before, const std::string& why,
                                const Facts& facts) {
  Treatment made;
  if (before == nullptr || add(router, *before, facts, made)) {
    Case last;
    last.plain = intern(leaf_ids_, leaves_, leaf_of_answer(router, ir::l7::Unknown{why}, false, aspects_));
    last.encrypted = last.plain;
    made.cases.push_back(std::move(last));
  }
  return intern(treatment_ids_, treatments_, std::move(made));
}

LeafId Treatments::passed_through(const Router& router, const ir::l7::Passthrough& passthrough) {
  ir::l7::Forward forward;
  forward.choices = {{passthrough.backend, 1}};
  Leaf made = leaf_of_answer(router, forward, true, aspects_);
  made.text += " passed through";
  return intern(leaf_ids_, leaves_, std::move(made));
}

}  // namespace portcullis::routes
