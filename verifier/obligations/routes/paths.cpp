#include "verifier/obligations/routes/paths.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/ir/l7/forms.hpp"
#include "compiler/ir/l7/regex.hpp"
#include "verifier/languages/pattern.hpp"
#include "verifier/languages/product.hpp"

namespace portcullis::routes {

namespace {

// What a path of a normalising form is made of: elements that are not empty, `.` or `..`.
std::string elements(const std::string& unit, const std::string& no_dot) {
  const std::string element = fmt::format("(?:{1}{0}*|\\.{1}{0}*|\\.\\.{0}+)", unit, no_dot);
  return fmt::format("/(?:{0}/)*(?:{0})?", element);
}

constexpr std::string_view reserved_escapes = "%(?:3A|2F|3F|23|5B|5D|40|21|24|26|27|28|29|2A|2B|2C|3B|3D|25)";

std::string space_of(PathForm form) {
  switch (form) {
    case PathForm::as_sent:
      return "(?:/[!-\\x22$->@-~]*)?";
    case PathForm::nginx:
      return elements("[^/\\x00]", "[^/\\x00.]");
    case PathForm::traefik:
      break;
  }
  return fmt::format("(?:{})?", elements(fmt::format("(?:[^/\\x00?#%]|{})", reserved_escapes),
                                         fmt::format("(?:[^/\\x00?#%.]|{})", reserved_escapes)));
}

bool reaches(const std::string& target, std::string_view path, PathForm form) {
  const auto got = ir::l7::matched_path(target, form);
  const auto* found = std::get_if<std::string>(&got);
  return found != nullptr && *found == path;
}

// As a target has to be written so that the form reads this path.
std::string written(std::string_view path, PathForm form) {
  if (path.empty()) return "*";
  if (form == PathForm::as_sent) return std::string(path);
  std::string target = ir::l7::escape_path(path);
  if (form == PathForm::nginx) return target;
  std::string out;  // traefik: a `%` of the path is one of the target
  for (std::size_t i = 0; i < target.size(); ++i) {
    out += target[i];
    if (target.substr(i).starts_with("%25")) i += 2;
  }
  return out;
}

bool has_letters(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return languages::lower(c) >= 'a' && languages::lower(c) <= 'z'; });
}
std::string folded(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), languages::lower);
  return out;
}

// Strings and prefixes, with and without letter case, and patterns.
struct Sorted {
  std::set<std::string> exact, prefixes, folded_exact, folded_prefixes;
  std::set<std::pair<std::string, bool>> regexes;
};

void add_match(Sorted& sorted, PathMatch::Kind kind, const std::string& text, bool fold) {
  const bool folds = fold && has_letters(text);
  if (kind == PathMatch::Kind::exact) {
    if (folds)
      sorted.folded_exact.insert(folded(text));
    else
      sorted.exact.insert(text);
  } else if (kind == PathMatch::Kind::prefix) {
    if (folds)
      sorted.folded_prefixes.insert(folded(text));
    else
      sorted.prefixes.insert(text);
  } else if (const std::optional<std::string> plain = languages::literal(text)) {
    add_match(sorted, PathMatch::Kind::prefix, *plain, fold);
  } else {
    sorted.regexes.insert({text, fold});
  }
}

Sorted sorted_matches(std::span<const PathMatch* const> matches, const std::set<std::string>& texts) {
  Sorted sorted;
  for (const PathMatch* match : matches) add_match(sorted, match->kind, match->text, match->fold);
  for (const std::string& text : texts) sorted.exact.insert(text);
  const auto all_plain = [](const std::set<std::string>& set) { return std::ranges::none_of(set, has_letters); };
  // Texts without letters mean the same with and without letter case.
  const bool any_folded = !sorted.folded_exact.empty() || !sorted.folded_prefixes.empty();
  if (any_folded && all_plain(sorted.exact) && all_plain(sorted.prefixes)) {
    sorted.folded_exact.merge(sorted.exact);
    sorted.folded_prefixes.merge(sorted.prefixes);
    sorted.exact.clear();
    sorted.prefixes.clear();
  }
  return sorted;
}

languages::Words words(const std::set<std::string>& exact, const std::set<std::string>& prefixes, bool fold) {
  return {{exact.begin(), exact.end()}, {prefixes.begin(), prefixes.end()}, fold};
}

std::string shown_prefix(const std::string& prefix) {
  return base::printable(prefix) + "…";
}

// Without regular expressions, and with letter case for all or for none: each string, each prefix, the rest.
class Tree {
 public:
  Tree(const std::set<std::string>& exact, const std::set<std::string>& prefixes, bool fold, const PathSpace& space)
      : exact_(exact), prefixes_(prefixes), words_(words(exact, prefixes, fold)), space_(space) {}

  // False: for some class no path was found at once, which does not mean that there is none.
  bool run(PathClasses& out) const {
    std::size_t index = 0;
    for (const std::string& text : exact_) {
      ++index;
      if (space_.target(text)) out.classes.push_back({base::printable(text), text});
    }
    for (const std::string& prefix : prefixes_) {
      const auto mark = static_cast<languages::Mark>(++index);
      if (!add(shown_prefix(prefix), mark, {"", "x", "other", "/x", "1", "-x", "xx"}, prefix, out)) return false;
    }
    if (prefixes_.contains("")) return true;
    if (prefixes_.contains("/")) {  // paths begin with a slash, unless they are empty
      if (!exact_.contains("") && space_.target("")) out.classes.push_back({"no path", ""});
      return true;
    }
    return add("any other path", 0, {"/", "/other", "/x", "/1", "/~"}, "", out);
  }

 private:
  bool add(const std::string& shown, languages::Mark mark, std::initializer_list<std::string_view> endings,
           const std::string& prefix, PathClasses& out) const {
    for (const std::string_view ending : endings) {
      std::string path = prefix + std::string(ending);
      if (words_.of(path) != mark || !space_.target(path)) continue;
      out.classes.push_back({shown, std::move(path)});
      return true;
    }
    return false;
  }

  const std::set<std::string>&exact_, &prefixes_;
  languages::Words words_;
  const PathSpace& space_;
};

PathClasses by_product(const Sorted& sorted, const PathSpace& space) {
  PathClasses out;
  languages::Words plain = words(sorted.exact, sorted.prefixes, false);
  languages::Words folding = words(sorted.folded_exact, sorted.folded_prefixes, true);
  std::vector<std::unique_ptr<languages::Subsets>> owned;
  owned.push_back(std::make_unique<languages::Subsets>(space.language()));
  std::vector<languages::Automaton*> automata{owned.front().get(), &plain, &folding};
  for (const auto& [pattern, fold] : sorted.regexes) {
    // One that is outside of the dialect is told by whoever asks the router for a path.
    if (!ir::l7::Regex(pattern, fold, true).valid()) continue;
    // The anchor belongs to the first alternative alone, as where controllers write one before the path.
    auto nfa = languages::found("^" + pattern, fold, false);
    if (const auto* refused = std::get_if<languages::Unsupported>(&nfa)) {
      out.open = fmt::format("the path pattern `{}` has {}, which is not followed here", pattern, refused->why);
      continue;
    }
    owned.push_back(std::make_unique<languages::Subsets>(std::move(std::get<languages::Nfa>(nfa))));
    automata.push_back(owned.back().get());
  }
  const languages::Product product = languages::explore(automata, languages::classes_of(automata), 0);
  if (!product.complete) out.open = "the regular expressions of paths are too many to be followed together";
  for (const languages::Inhabited& found : product.inhabited)
    out.classes.push_back(
        {fmt::format("paths like {}", found.shortest.empty() ? "none" : base::printable(found.shortest)),
         found.shortest});
  return out;
}

}  // namespace

std::optional<std::string> PathSpace::target(std::string_view path) const {
  if (forms_.size() > 1) {  // the target itself
    std::string target(path);
    if (path.find_first_of("%?#") != std::string_view::npos) return std::nullopt;
    const bool same = std::ranges::all_of(forms_, [&](PathForm form) { return reaches(target, path, form); });
    return same && !path.empty() ? std::optional(target) : std::nullopt;
  }
  std::string target = written(path, *forms_.begin());
  if (!reaches(target, path, *forms_.begin())) return std::nullopt;
  return target;
}

languages::Nfa PathSpace::language() const {
  if (forms_.size() == 1) return languages::whole(space_of(*forms_.begin()));
  const std::string unit = "[!\\x22$&-.0->@-~]";
  return languages::whole(elements(unit, "[!\\x22$&-\\-0->@-~]"));
}

PathClasses path_classes(std::span<const PathMatch* const> matches, const std::set<std::string>& texts,
                         const PathSpace& space) {
  const Sorted sorted = sorted_matches(matches, texts);
  if (sorted.regexes.empty()) {
    PathClasses out;
    if (sorted.folded_exact.empty() && sorted.folded_prefixes.empty()) {
      if (Tree(sorted.exact, sorted.prefixes, false, space).run(out)) return out;
    } else if (sorted.exact.empty() && sorted.prefixes.empty()) {
      if (Tree(sorted.folded_exact, sorted.folded_prefixes, true, space).run(out)) return out;
    }
  }
  return by_product(sorted, space);
}

}  // namespace portcullis::routes
