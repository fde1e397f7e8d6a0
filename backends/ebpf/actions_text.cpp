#include "backends/ebpf/actions_text.hpp"

#include <algorithm>
#include <bitset>
#include <map>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace portcullis::ebpf {

namespace {

struct ClassWord {
  std::string_view yes, no;
  unsigned bit = 0;
};
constexpr std::array class_words{
    ClassWord{"pod", "no-pod", PCL_CLASS_POD}, ClassWord{"self", "no-self", PCL_CLASS_SELF},
    ClassWord{"range", "no-range", PCL_CLASS_RANGE}, ClassWord{"out", "no-out", PCL_CLASS_OUT}};

// The classes that have the bits of `value` where `mask` has ones.
struct Pattern {
  unsigned mask = 0, value = 0;
  [[nodiscard]] bool fits(unsigned bits) const { return (bits & mask) == value; }
};

using Classes = std::bitset<PCL_CLASSES>;

// Patterns with fewer words first, among equals those of the words that come first.
std::vector<Pattern> all_patterns() {
  std::vector<Pattern> patterns;
  for (unsigned mask = 0; mask < PCL_CLASSES; ++mask) {
    for (unsigned value = PCL_CLASSES; value-- > 0;) {
      if ((value & ~mask) == 0) patterns.push_back({mask, value});
    }
  }
  std::ranges::stable_sort(patterns, {}, [](const Pattern& g) { return std::bitset<4>(g.mask).count(); });
  return patterns;
}

Classes classes_of(const Pattern& pattern) {
  Classes out;
  for (unsigned bits = 0; bits < PCL_CLASSES; ++bits) out[bits] = pattern.fits(bits);
  return out;
}

void append(std::string& out, const Action& action) {
  out += to_string(action.verdict);
  if (action.pool != 0) out += fmt::format(".{}", action.pool);
  if (action.masquerade) out += " masquerade";
}

void append(std::string& out, const Pattern& pattern, const Action& action) {
  if (pattern.mask == 0) out += "* ";
  for (const ClassWord& word : class_words) {
    if ((pattern.mask & word.bit) == 0) continue;
    out += (pattern.value & word.bit) != 0 ? word.yes : word.no;
    out += ' ';
  }
  append(out, action);
}

struct Line {
  Pattern pattern;
  Action action;
};

// Step by step the pattern that decides most of what is left, with one action; a pattern may say of decided classes
// what it likes. Not the shortest list in every case, but short, and the same for the same actions.
std::vector<Line> list_of(const Actions& actions) {
  static const std::vector<Pattern> patterns = all_patterns();
  std::vector<Line> out;
  Classes open;
  open.set();
  while (open.any()) {
    std::optional<Line> best;
    std::size_t most = 0;
    for (const Pattern& pattern : patterns) {
      const Classes decided = classes_of(pattern) & open;
      if (decided.count() <= most) continue;
      std::optional<Action> action;
      bool one = true;
      for (unsigned bits = 0; bits < PCL_CLASSES && one; ++bits) {
        if (!decided[bits]) continue;
        one = !action || *action == actions[bits];
        action = actions[bits];
      }
      if (!one) continue;
      best = Line{pattern, *action};
      most = decided.count();
    }
    out.push_back(*best);
    open &= ~classes_of(best->pattern);
  }
  return out;
}

bool read_class(ir::form::Cursor& cursor, Pattern& pattern) {
  for (const ClassWord& word : class_words) {
    const bool yes = cursor.take(word.yes);
    if (!yes && !cursor.take(word.no)) continue;
    if ((pattern.mask & word.bit) != 0) cursor.fail_last("this is said twice");
    pattern.mask |= word.bit;
    if (yes) pattern.value |= word.bit;
    return true;
  }
  return false;
}

Action read_action(ir::form::Cursor& cursor) {
  Action action;
  if (cursor.take("dnat.1")) {
    action = {Verdict::dnat, false, 1};
  } else if (cursor.take("dnat.2")) {
    action = {Verdict::dnat, false, 2};
  } else {
    action.verdict = read_verdict(cursor);
  }
  if (action.verdict == Verdict::dnat) action.masquerade = cursor.take("masquerade");
  return action;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::none:
      return "none";
    case Verdict::dnat:
      return "dnat";
    case Verdict::reject:
      return "reject";
    case Verdict::drop:
      return "drop";
  }
  return {};
}

Verdict read_verdict(ir::form::Cursor& cursor) {
  for (const Verdict verdict : {Verdict::none, Verdict::dnat, Verdict::reject, Verdict::drop}) {
    if (cursor.take(to_string(verdict))) return verdict;
  }
  cursor.fail_next("none, dnat, reject or drop");
  return Verdict::none;
}

std::uint8_t encoded(const Action& action) {
  const unsigned byte = static_cast<unsigned>(action.verdict) |
                        (action.masquerade ? unsigned{PCL_ACTION_MASQUERADE} : 0U) |
                        static_cast<unsigned>(action.pool) << PCL_ACTION_POOL_SHIFT;
  return static_cast<std::uint8_t>(byte);
}

void append_actions(std::string& out, const Actions& actions) {
  // Thousands of frontends have the same few lists.
  thread_local std::map<std::array<std::uint8_t, PCL_CLASSES>, std::string> known;
  std::array<std::uint8_t, PCL_CLASSES> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = encoded(actions[i]);
  const auto [found, fresh] = known.try_emplace(key);
  if (fresh) {
    for (const Line& line : list_of(actions)) {
      if (!found->second.empty()) found->second += " | ";
      append(found->second, line.pattern, line.action);
    }
  }
  out += found->second;
}

Actions read_actions(ir::form::Cursor& cursor) {
  Actions actions;
  Classes decided;
  do {
    Pattern pattern;
    if (!cursor.take("*")) {
      if (!read_class(cursor, pattern)) {
        cursor.fail_next("`*`, or classes of sources (pod, self, range, out, each perhaps with no- in front)");
        return actions;
      }
      while (read_class(cursor, pattern)) {
      }
    }
    const Action action = read_action(cursor);
    for (unsigned bits = 0; bits < PCL_CLASSES; ++bits) {
      if (decided[bits] || !pattern.fits(bits)) continue;
      decided[bits] = true;
      actions[bits] = action;
    }
  } while (cursor.ok() && cursor.take(ir::form::Token::Kind::bar));
  if (cursor.ok() && !decided.all()) cursor.fail_next("` | * …` for the other classes");
  return actions;
}

}  // namespace portcullis::ebpf
