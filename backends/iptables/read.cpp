// iptables-save text → Ruleset: tables, chains, and that what is read could be loaded.

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "backends/iptables/iptables.hpp"
#include "backends/iptables/options.hpp"
#include "backends/iptables/read_rule.hpp"

namespace portcullis::iptables {

namespace {

// A broken file gets this many findings, not one for each of its lines.
constexpr std::size_t most_findings = 20;
// `-I` moves what stands behind it: jumps have it, long chains do not.
constexpr std::size_t longest_to_insert_into = 1000;

struct OpenTable {
  Table table;
  std::unordered_map<std::string_view, ChainId> chains;  // its own chains: what -j may name
  std::unordered_map<std::string_view, ChainId> built_in;
};

class Reader {
 public:
  Reader(base::FileId file, const base::SourceMap& sources, base::Diagnostics& diagnostics)
      : file_(file), text_(sources.text(file)), diagnostics_(diagnostics) {
    // A dump may hold nothing that tells the family apart.
    const std::string& name = sources.name(file);
    const std::size_t slash = name.rfind('/');
    if (std::string_view(name).substr(slash == std::string::npos ? 0 : slash + 1).starts_with("ip6tables"))
      family_ = net::Family::ipv6;
  }

  std::optional<Ruleset> read() {
    for (std::size_t begin = 0; begin < text_.size() && findings_ < most_findings;) {
      const std::size_t end = std::min(text_.find('\n', begin), text_.size());
      line_ = static_cast<std::uint32_t>(begin);
      read_line(text_.substr(begin, end - begin));
      begin = end + 1;
    }
    if (open_ != nullptr) fail("a table without `COMMIT`", text_.size(), text_.size());
    if (findings_ == 0) find_loops();
    if (findings_ > 0) return {};
    return finish();
  }

 private:
  void fail(std::string message, std::size_t begin, std::size_t end) {
    ++findings_;
    diagnostics_.add("PC5012", std::move(message),
                     {file_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
  }
  void fail(std::string message, const Token& token) {
    fail(std::move(message), line_ + token.begin, line_ + token.end);
  }

  void read_line(std::string_view line) {
    if (line.starts_with('#')) return comment(line);
    if (!words_.split(line)) return fail("a quote does not end", line_, line_ + line.size());
    std::span<const Token> words = words_.tokens();
    if (words.empty()) return;
    seen_text_ = true;
    const Token& first = words.front();
    if (skipping_) {
      skipping_ = first.text != "COMMIT";
      return;
    }
    if (first.text.starts_with('*')) return open_table(first);
    if (open_ == nullptr) return fail(fmt::format("`{}` outside of a table", first.text), first);
    if (first.text == "COMMIT") {
      open_ = nullptr;
      return;
    }
    if (first.text.starts_with(':')) return declare(words);
    if (first.text.starts_with('[')) words = words.subspan(1);  // counters of iptables-save -c
    if (words.size() >= 2 && words[0].text == "-A") return append(words);
    if (words.size() >= 2 && words[0].text == "-I") return insert(words);
    if (words.size() == 2 && words[0].text == "-N") return new_chain(words[1], words[1].text);
    fail(fmt::format("`{}` is no line of a ruleset", first.text), first);
  }

  // Only what stands in front of the first table says something about the whole.
  void comment(std::string_view line) {
    if (seen_text_) return;
    line.remove_prefix(line.starts_with("# ") ? 2 : 1);
    header_.emplace_back(line);
  }

  void open_table(const Token& word) {
    if (open_ != nullptr) fail("a table inside a table", word);
    const auto name = parse_table(word.text.substr(1));
    skipping_ = !name;
    if (!name) return fail(fmt::format("unknown table `{}`", word.text.substr(1)), word);
    open_ = &tables_[*name];
    open_->table.name = *name;
  }

  // `:INPUT ACCEPT [0:0]`, `:PCL-NAT - [0:0]`; the second declaration of a chain empties it, as with --noflush.
  void declare(std::span<const Token> words) {
    const std::string_view name = words.front().text.substr(1);
    if (words.size() < 2) return fail("a chain without a policy", words.front());
    const std::string_view policy = words[1].text;
    if (is_built_in(open_->table.name, name)) {
      Chain& chain = open_->table.chains[built_in(name)];
      if (policy == "DROP") {
        chain.policy = Policy::drop;
      } else if (policy == "ACCEPT" || policy == "-") {
        chain.policy = Policy::accept;
      } else {
        fail(fmt::format("unknown policy `{}`", policy), words[1]);
      }
      return;
    }
    if (policy != "-") return fail(fmt::format("chain `{}` is not built in and has no policy", name), words[1]);
    new_chain(words.front(), name);
  }

  void new_chain(const Token& word, std::string_view name) {
    // iptables takes no blanks; a quote would not come back from iptables-save.
    if (name.empty() || name.size() > longest_chain_name || name.starts_with('-') || name.starts_with('!') ||
        name.find_first_of(" \t\r\v\f\"") != std::string_view::npos || is_built_in(open_->table.name, name))
      return fail(fmt::format("`{}` is no chain name", name), word);
    if (const auto found = open_->chains.find(name); found != open_->chains.end()) {
      open_->table.chains[found->second].rules.clear();
      return;
    }
    // The text outlives the reader, but a token that had quotes does not.
    const std::string_view kept = names_.emplace_back(name);
    open_->chains.emplace(kept, static_cast<ChainId>(open_->table.chains.size()));
    open_->table.chains.push_back({std::string(name), {}, {}});
  }

  ChainId built_in(std::string_view name) {
    if (const auto found = open_->built_in.find(name); found != open_->built_in.end()) return found->second;
    const auto id = static_cast<ChainId>(open_->table.chains.size());
    open_->built_in.emplace(names_.emplace_back(name), id);
    open_->table.chains.push_back({std::string(name), Policy::accept, {}});
    return id;
  }

  Chain* chain(const Token& word) {
    const auto found = open_->chains.find(word.text);
    if (found != open_->chains.end()) return &open_->table.chains[found->second];
    if (is_built_in(open_->table.name, word.text)) return &open_->table.chains[built_in(word.text)];
    fail(fmt::format("there is no chain `{}`", word.text), word);
    return nullptr;
  }

  void append(std::span<const Token> words) {
    Chain* to = chain(words[1]);
    if (to != nullptr) to->rules.push_back(rule(words.subspan(2)));
  }

  // `-I chain [number]`.
  void insert(std::span<const Token> words) {
    Chain* to = chain(words[1]);
    if (to == nullptr) return;
    std::size_t place = 1, used = 2;
    if (words.size() > 2) {
      if (const auto number = parse_number<std::uint32_t>(words[2].text)) {
        place = *number;
        used = 3;
      }
    }
    if (to->rules.size() >= longest_to_insert_into && place <= to->rules.size())
      return fail("`-I` into a chain this long is not read", words[0]);
    if (place == 0 || place > to->rules.size() + 1) return fail("no such place in the chain", words[used - 1]);
    to->rules.insert(to->rules.begin() + static_cast<std::ptrdiff_t>(place - 1), rule(words.subspan(used)));
  }

  Rule rule(std::span<const Token> words) {
    Rule r;
    if (const auto error = read_rule(words, {open_->chains, family_}, r)) fail(error->message, error->token);
    const std::uint32_t end = words.empty() ? line_ : line_ + words.back().end;
    r.span = {file_, line_, end};
    return r;
  }

  // The kernel refuses a ruleset in which a chain leads back to itself, and nothing that follows chains would end.
  void find_loops() {
    for (const auto& [name, open] : tables_) {
      const std::vector<Chain>& chains = open.table.chains;
      enum class Mark : std::uint8_t { white, grey, black };
      std::vector<Mark> marks(chains.size(), Mark::white);
      struct Frame {
        ChainId chain;
        std::size_t next_rule;
      };
      for (ChainId start = 0; start < chains.size(); ++start) {
        std::vector<Frame> path;
        if (marks[start] == Mark::white) {
          marks[start] = Mark::grey;
          path.push_back({start, 0});
        }
        while (!path.empty()) {
          const ChainId at = path.back().chain;
          if (path.back().next_rule == chains[at].rules.size()) {
            marks[at] = Mark::black;
            path.pop_back();
            continue;
          }
          const Rule& r = chains[at].rules[path.back().next_rule++];
          const auto* jump = std::get_if<Jump>(&r.target);
          if (jump == nullptr || marks[jump->chain] == Mark::black) continue;
          if (marks[jump->chain] == Mark::grey) {
            fail(fmt::format("chain `{}` leads back to itself", chains[jump->chain].name), r.span.begin, r.span.end);
            return;
          }
          marks[jump->chain] = Mark::grey;
          path.push_back({jump->chain, 0});
        }
      }
    }
  }

  Ruleset finish() {
    Ruleset out;
    out.family = family_.value_or(net::Family::ipv4);
    out.header = std::move(header_);
    for (auto& [name, open] : tables_) {
      for (Chain& c : open.table.chains) {
        for (Rule& r : c.rules) {
          auto* reject = std::get_if<Reject>(&r.target);
          if (reject != nullptr && reject->with.empty()) reject->with = reject_types(out.family).front();
        }
      }
      out.tables.push_back(std::move(open.table));
    }
    return out;
  }

  base::FileId file_;
  std::string_view text_;
  base::Diagnostics& diagnostics_;
  Tokenizer words_;
  std::uint32_t line_ = 0;  // where it begins
  std::optional<net::Family> family_;
  std::map<TableName, OpenTable> tables_;
  OpenTable* open_ = nullptr;
  std::deque<std::string> names_;
  std::vector<std::string> header_;
  bool seen_text_ = false;
  bool skipping_ = false;  // inside a table that is not known
  std::size_t findings_ = 0;
};

}  // namespace

std::optional<Ruleset> read(base::FileId file, const base::SourceMap& sources, base::Diagnostics& diagnostics) {
  return Reader(file, sources, diagnostics).read();
}

}  // namespace portcullis::iptables
