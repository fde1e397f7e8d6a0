#include "verifier/obligations/routes/path_certificate.hpp"

#include <algorithm>

#include "compiler/ir/l7/regex.hpp"
#include "verifier/languages/pattern.hpp"

namespace portcullis::routes {

namespace {

using languages::Nfa;

std::optional<Nfa> language_of(const PathMatch& match) {
  switch (match.kind) {
    case PathMatch::Kind::exact:
      return languages::exactly(match.text, match.fold);
    case PathMatch::Kind::prefix:
      return languages::beginning_with(match.text, match.fold);
    case PathMatch::Kind::regex:
      break;
  }
  auto nfa = languages::found("^" + match.text, match.fold, false);
  if (!std::holds_alternative<Nfa>(nfa)) return std::nullopt;
  return std::move(std::get<Nfa>(nfa));
}

std::vector<bool> memberships(const std::vector<Nfa>& languages, const std::string& path) {
  std::vector<bool> out;
  for (const Nfa& language : languages) out.push_back(languages::accepts(language, path));
  return out;
}

// A path that goes with none of the representatives.
languages::Wanted strange(const std::vector<std::vector<bool>>& classes) {
  return [&classes](const std::vector<bool>& members) {
    return members[0] && std::ranges::find(classes, members) == classes.end();
  };
}

}  // namespace

std::optional<PathCertificate> path_certificate(std::span<const PathMatch* const> matches,
                                                const std::set<std::string>& texts, const PathSpace& space,
                                                const PathClasses& classes) {
  PathCertificate out;
  out.languages.push_back(space.language());
  for (const PathMatch* match : matches) {
    // What is outside of the dialect is told by whoever asks the router for a path.
    if (match->kind == PathMatch::Kind::regex && !ir::l7::Regex(match->text, match->fold, true).valid()) continue;
    std::optional<Nfa> language = language_of(*match);
    if (!language) return std::nullopt;
    out.languages.push_back(*std::move(language));
  }
  for (const std::string& text : texts) out.languages.push_back(languages::exactly(text));
  for (const PathClass& one : classes.classes) out.classes.push_back(memberships(out.languages, one.path));
  languages::Verdict verdict = languages::ask(out.languages, strange(out.classes));
  if (std::holds_alternative<languages::TooLarge>(verdict)) return std::nullopt;
  // A path that goes with none is no certificate, and the check of an empty table says so.
  if (auto* table = std::get_if<languages::Certificate>(&verdict)) out.table = std::move(*table);
  return out;
}

bool holds(const PathCertificate& certificate) {
  return languages::check(certificate.languages, strange(certificate.classes), certificate.table);
}

}  // namespace portcullis::routes
