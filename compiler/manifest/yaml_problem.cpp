#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/manifest/problem.hpp"
#include "compiler/manifest/utf8.hpp"

namespace portcullis::manifest {

namespace {

struct Words {
  std::string_view problem;  // libyaml's, from its beginning
  std::string_view reason, hint;
};

// What libyaml says, and what a writer of manifests needs to hear instead.
constexpr auto vocabulary = std::to_array<Words>({
    {"mapping values are not allowed in this context", "`: ` begins a second key and value on this line",
     "quote the value if the `: ` belongs to it; if this is a key of its own, check its indentation"},
    {"did not find expected key", "expected a key, or the end of this map",
     "check the indentation: keys of one map begin in one column"},
    {"could not find expected ':'", "expected `: ` after a key",
     "each line of a map is `key: value`; text over several lines is indented deeper than its key"},
    {"did not find expected '-' indicator", "expected `- `, the next item of this list",
     "items of one list begin in one column"},
    {"did not find expected ',' or ']'", "expected `,` or `]` in this list", {}},
    {"did not find expected ',' or '}'", "expected `,` or `}` in this map", {}},
    {"block sequence entries are not allowed in this context", "a list item `- ` cannot begin here",
     "put the list on a line of its own, below the key; quote the value if `- ` belongs to it"},
    {"block mapping values are not allowed in this context", "a key cannot begin here", "check the indentation"},
    {"block mapping keys are not allowed in this context", "a key cannot begin here", "check the indentation"},
    {"mapping keys are not allowed in this context", "a key cannot begin here", "check the indentation"},
    {"found a tab character that violates indentation", "a tab indents this line", "YAML indents with spaces"},
    {"found a tab character where an indentation space is expected", "a tab indents this line",
     "YAML indents with spaces"},
    {"found unexpected end of stream", "the quote that opens here is never closed", {}},
    {"found unexpected document indicator", "the quote that opens here is not closed before the next document", {}},
    {"found unknown escape character", "no such escape in a double-quoted value",
     "write `\\\\` for a backslash, or use single quotes"},
    {"did not find expected hexdecimal number", "expected hexadecimal digits in this escape", {}},
    {"found invalid Unicode character escape code", "this escape is no Unicode character", {}},
    {"did not find expected comment or line break", "expected the end of the line after `|` or `>`",
     "the text begins on the next line"},
    {"found an indentation indicator equal to 0", "an indentation of 0 cannot be", "leave the number out"},
    {"did not find expected alphabetic or numeric character", "expected a name after `&` or `*`",
     "quote the value if it is meant as text"},
    {"did not find expected <document start>", "expected `---` before another document", {}},
    {"did not find expected <stream-start>", "expected a document", {}},
    {"did not find expected node content", "expected a value", {}},
    {"found undefined tag handle", "no `%TAG` line defines this tag", "quote the value if it is meant as text"},
    {"did not find expected whitespace or line break", "expected a blank here", {}},
    {"found incompatible YAML document", "this version of YAML is not read", "leave the `%YAML` line out"},
    {"found duplicate %YAML directive", "two `%YAML` lines for one document", {}},
    {"found duplicate %TAG directive", "two `%TAG` lines for one prefix", {}},
    {"control characters are not allowed", "a control character stands here",
     "remove it, or write it as `\\x..` in double quotes"},
    {"invalid leading UTF-8 octet", "the bytes here are no UTF-8", "save the file as UTF-8"},
    {"incomplete UTF-8 octet sequence", "the bytes here are no UTF-8", "save the file as UTF-8"},
    {"invalid trailing UTF-8 octet", "the bytes here are no UTF-8", "save the file as UTF-8"},
    {"invalid length of a UTF-8 sequence", "the bytes here are no UTF-8", "save the file as UTF-8"},
    {"invalid Unicode character", "the bytes here are no UTF-8", "save the file as UTF-8"},
    {"Maximum nesting level reached", "too many lists and maps inside each other", {}},
    {"exceeded maximum nesting level", "too many lists and maps inside each other", {}},
});

std::size_t line_begin(std::string_view text, std::size_t at) {
  const std::size_t found = text.substr(0, at).find_last_of('\n');
  return found == std::string_view::npos ? 0 : found + 1;
}

// The character at `at`, or nothing to point at (a line's end, the end of the text): the line's last character then.
std::pair<std::size_t, std::size_t> visible(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  while (at > 0 && (at == text.size() || text[at] == '\n' || text[at] == '\r')) --at;
  const std::size_t length = at < text.size() ? std::max<std::size_t>(decode_utf8(text.substr(at)).length, 1) : 0;
  return {at, at + length};
}

// A tab in front of the first word of a line: the usual reason whatever the parser says.
std::optional<std::pair<std::size_t, std::size_t>> tab_in_indentation(std::string_view text, std::size_t at) {
  const std::size_t begin = line_begin(text, at);
  std::size_t end = begin;
  while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
  const std::size_t tab = text.substr(begin, end - begin).find('\t');
  if (tab == std::string_view::npos) return {};
  std::size_t tab_end = begin + tab;
  while (tab_end < end && text[tab_end] == '\t') ++tab_end;
  return std::pair(begin + tab, tab_end);
}

Problem make(const Places& places, std::pair<std::size_t, std::size_t> range, std::string_view reason,
             std::string_view hint) {
  return {places.span(range.first, range.second), std::string(reason), std::string(hint), {}};
}

Problem cannot_start(const ParserReport& report, const Source& source, const Places& places) {
  const auto range = visible(source.text, report.at);
  const std::string character = base::printable(source.text.substr(range.first, range.second - range.first));
  return make(places, range, fmt::format("a value cannot begin with `{}`", character), "quote the value");
}

bool is_quote_left_open(const ParserReport& report) {
  return (report.problem == "found unexpected end of stream" ||
          report.problem == "found unexpected document indicator") &&
         report.context == "while scanning a quoted scalar";
}

// An opening bracket that is still open at the end of the text is where to look.
bool is_bracket_left_open(const ParserReport& report, const Source& source) {
  return report.at >= base::trim(source.text).size() && report.context.find("flow") != std::string_view::npos;
}

// `image: [registry]/name` or `name: "web"-1`: the value ended, and text follows on the line.
std::optional<char> closed_before(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) --at;
  if (at == 0 || std::string_view("]}\"'").find(text[at - 1]) == std::string_view::npos) return {};
  return text[at - 1];
}

}  // namespace

Problem explain_yaml(const ParserReport& report, const Source& source, const Places& places) {
  if (const auto tab = tab_in_indentation(source.text, report.at)) {
    return make(places, *tab, "a tab indents this line", "YAML indents with spaces");
  }
  if (is_quote_left_open(report)) {
    return make(places, visible(source.text, report.context_at), "the quote that opens here is never closed", {});
  }
  if (!report.context.empty() && is_bracket_left_open(report, source)) {
    const auto range = visible(source.text, report.context_at);
    return make(places, range, fmt::format("the `{}` here is never closed", source.text.substr(range.first, 1)), {});
  }
  if (report.problem == "found character that cannot start any token") return cannot_start(report, source, places);
  if (report.problem == "did not find expected key") {
    if (const auto closing = closed_before(source.text, report.at)) {
      return make(places, visible(source.text, report.at), fmt::format("text follows the closing `{}`", *closing),
                  "quote the whole value");
    }
  }
  const auto* words =
      std::ranges::find_if(vocabulary, [&](const Words& w) { return report.problem.starts_with(w.problem); });
  const auto range = visible(source.text, report.at);
  if (words == vocabulary.end()) return make(places, range, report.problem, {});
  Problem out = make(places, range, words->reason, words->hint);
  if (!report.context.empty() && line_begin(source.text, report.context_at) != line_begin(source.text, report.at)) {
    const bool list = report.context.find("sequence") != std::string_view::npos;
    const bool map = report.context.find("mapping") != std::string_view::npos;
    if (list || map) {
      const auto begin = visible(source.text, report.context_at);
      out.related.push_back(
          {list ? "the list begins here" : "the map begins here", places.span(begin.first, begin.second)});
    }
  }
  return out;
}

}  // namespace portcullis::manifest
