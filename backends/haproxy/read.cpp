// A configuration, read back. What is left open here (fixed lines, spelling) shows when the whole is printed again.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "backends/haproxy/frontend.hpp"
#include "backends/haproxy/haproxy.hpp"
#include "backends/haproxy/maps.hpp"
#include "backends/haproxy/read_maps.hpp"
#include "backends/haproxy/rules.hpp"
#include "backends/haproxy/sections.hpp"
#include "backends/haproxy/words.hpp"

namespace portcullis::haproxy {

namespace {

constexpr std::string_view main_file = "haproxy.cfg";

class Reader {
 public:
  explicit Reader(const Files& files) : files_(files) {}

  std::variant<Configuration, ReadError> run() {
    const auto found = files_.find(std::string(main_file));
    if (found == files_.end()) return ReadError{std::string(main_file), 0, "the file is missing"};
    split(found->second);
    for (const Line& line : frontend_) frontend(line);
    if (!error_) error_ = MapReader(files_, out_).read();
    if (!error_) structure();
    if (!error_) sections();
    if (!error_) error_ = check_numbers(out_);
    if (!error_) again();
    if (error_) return *std::move(error_);
    return std::move(out_);
  }

 private:
  void fail(std::size_t line, std::string message) {
    if (!error_) error_ = ReadError{std::string(main_file), line, std::move(message)};
  }

  // The lines in front of the first backend, and those behind.
  void split(std::string_view text) {
    for (std::size_t number = 1; !text.empty(); ++number) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const Line line{number, text.substr(0, end)};
      text.remove_prefix(std::min(end + 1, text.size()));
      const bool head = line.text.starts_with("backend ");
      (sections_.empty() && !head ? frontend_ : sections_).push_back(line);
    }
  }

  // ---- the frontend: what stands nowhere else

  static std::optional<std::string_view> behind(std::string_view text, std::string_view begin) {
    if (!text.starts_with(begin)) return std::nullopt;
    return text.substr(begin.size());
  }
  std::uint32_t number(const Line& line, std::string_view text) {
    const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
    const auto value = number_of(digits);
    if (value && *value <= 0x7fffffffU) return static_cast<std::uint32_t>(*value);
    fail(line.number, "a number is missing");
    return 0;
  }

  void frontend(const Line& line) {
    constexpr std::string_view set = "  http-request set-var(txn.";
    if (const auto name = behind(line.text, name_line)) {
      out_.name = *name;
    } else if (const auto forms = behind(line.text, forms_line)) {
      this->forms(line, *forms);
    } else if (const auto port = behind(line.text, "  bind :")) {
      bind(line, *port);
    } else if (const auto any = behind(line.text, std::string(set) + "h) str(")) {
      out_.any = number(line, *any);
    } else if (const auto treatment = behind(line.text, std::string(set) + "t) str(t")) {
      const bool hostless = treatment->ends_with("!{ req.fhdr(host,1) -m found }");
      (hostless ? without_host_ : out_.unmatched) = number(line, *treatment);
      if (hostless) out_.without_host = without_host_;
    } else if (const auto part = behind(line.text, std::string(set) + "n) str(")) {
      selector(line, *part);
    } else if (line.text.starts_with(std::string(set) + "s) ")) {
      out_.ranked = true;
    }
  }

  void forms(const Line& line, std::string_view text) {
    using ir::l7::HostForm;
    using ir::l7::PathForm;
    for (const HostForm host : {HostForm::plain, HostForm::nginx, HostForm::haproxy, HostForm::traefik})
      for (const PathForm path : {PathForm::as_sent, PathForm::nginx, PathForm::traefik})
        if (text == fmt::format("{}, paths as {}", to_string(host), to_string(path))) {
          out_.host_form = host;
          out_.path_form = path;
          return;
        }
    fail(line.number, "no forms of names and paths");
  }

  void bind(const Line& line, std::string_view text) {
    if (text.starts_with(':')) return;  // the other family
    const std::uint32_t port = number(line, text);
    if (port > 65535) return fail(line.number, "no port");
    const bool tls = text.find(" ssl ") != std::string_view::npos;
    (tls ? out_.https : out_.http) = static_cast<std::uint16_t>(port);
    if (tls) out_.strict_sni = text.find(" strict-sni ") != std::string_view::npos;
  }

  // `set-var(txn.n) str(1) if { … } !{ var(txn.n) -m found } { var(txn.p) -m str p0 }`.
  void selector(const Line& line, std::string_view text) {
    const std::uint32_t part = number(line, text);
    const auto words = words_of(line.text);
    const std::size_t tail = part == 0 ? 6 : 11;
    if (!words || words->size() < 4 + tail || (*words)[3] != "if") return fail(line.number, "no choice of a part");
    const auto list = number_of(std::string_view((*words)[words->size() - 2]).substr(1));
    if (part == 0) selectors_.emplace_back();
    if (selectors_.empty() || !list || *list + 1 != selectors_.size()) return fail(line.number, "parts out of order");
    const auto when = read_conditions(std::span(*words).subspan(4, words->size() - 4 - tail));
    if (!when) return fail(line.number, "a condition that is not known");
    if (part != selectors_.back().size()) return fail(line.number, "parts out of order");
    selectors_.back().push_back(*when);
  }

  // ---- parts and choices

  [[nodiscard]] std::map<std::string, std::string, std::less<>> pairs(std::string_view file) const {
    std::map<std::string, std::string, std::less<>> out;
    const auto found = files_.find(std::string(file));
    if (found == files_.end()) return out;
    std::string_view text = found->second;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      const std::size_t blank = std::min(line.find(' '), line.size());
      out.emplace(line.substr(0, blank), line.substr(std::min(blank + 1, line.size())));
    }
    return out;
  }

  // How many treatments there are, and what their parts and choices are.
  void structure() {
    const auto parts = pairs(parts_map);
    const auto shares = pairs(shares_map);
    std::size_t count = 0;
    for (const Line& line : sections_) {
      const auto name = behind(line.text, "backend t");
      if (!name) continue;
      const std::uint32_t one = number(line, *name);
      if (one > count) return fail(line.number, "a backend out of order");
      count = std::max<std::size_t>(count, one + std::size_t{1});
    }
    for (std::size_t t = 0; t < count; ++t) {
      Treatment treatment;
      const auto found = parts.find(fmt::format("t{}", t));
      if (found == parts.end()) {
        treatment.parts.emplace_back();
      } else {
        const auto selector = number_of(std::string_view(found->second).substr(found->second.starts_with('p') ? 1 : 0));
        if (!selector || *selector >= selectors_.size()) return fail(0, "parts that nothing chooses");
        for (const auto& when : selectors_[*selector]) treatment.parts.push_back({when, {}});
      }
      for (std::size_t p = 0; p < treatment.parts.size(); ++p)
        treatment.parts[p].choices = choices(shares, part_name(treatment, t, p));
      out_.treatments.push_back(std::move(treatment));
    }
  }

  std::vector<Choice> choices(const std::map<std::string, std::string, std::less<>>& shares, const std::string& name) {
    std::vector<Choice> out;
    std::uint64_t before = 0;
    while (true) {
      const auto found = shares.find(fmt::format("{}.{}", name, out.size()));
      if (found == shares.end()) break;
      const auto below = number_of(found->second);
      if (!below || *below <= before || *below > 0x7fffffffU) {
        fail(0, "shares that do not grow");
        break;
      }
      out.push_back({static_cast<std::uint32_t>(*below - before), {}});
      before = *below;
    }
    if (out.empty()) out.emplace_back();
    return out;
  }

  void sections() {
    SectionReader reader(out_.treatments);
    for (const Line& line : sections_) reader.take(line);
    reader.finish();
    if (reader.trouble()) return fail(reader.trouble()->line, reader.trouble()->message);
    for (const Treatment& treatment : out_.treatments) parts_agree(treatment);
  }

  // The sections of a part repeat the rules in front of it, those of the parts before among them.
  void parts_agree(const Treatment& treatment) {
    const std::vector<Rule>* before = nullptr;
    for (const Part& part : treatment.parts) {
      const std::vector<Rule>& rules = part.choices.front().section.rules;
      const bool longer = before == nullptr ||
                          (rules.size() >= before->size() && std::equal(before->begin(), before->end(), rules.begin()));
      if (!longer) fail(0, "a part without the rules of the part before");
      for (const Choice& choice : part.choices) {
        if (choice.section.rules != rules) fail(0, "choices with different rules");
        if (part.choices.size() > 1 && !choice.section.target) fail(0, "a choice without a target");
      }
      const bool last = &part == &treatment.parts.back();
      if (!last && !part.choices.front().section.target) fail(0, "a part without a target");
      before = &rules;
    }
  }

  void again() {
    for (const auto& [name, text] : print(out_)) {
      const auto found = files_.find(name);
      if (found != files_.end() && found->second == text) continue;
      error_ = difference(name, found == files_.end() ? std::string_view{} : found->second, text);
      return;
    }
  }
  static ReadError difference(const std::string& name, std::string_view given, std::string_view printed) {
    const auto [at, other] = std::ranges::mismatch(given, printed);
    const auto line = static_cast<std::size_t>(std::count(given.begin(), at, '\n')) + 1;
    return {name, line, "a line that portcullis does not write"};
  }

  const Files& files_;
  std::vector<Line> frontend_, sections_;
  std::vector<Selector> selectors_;
  std::uint32_t without_host_ = 0;
  Configuration out_;
  std::optional<ReadError> error_;
};

}  // namespace

std::variant<Configuration, ReadError> read_configuration(const Files& files) {
  return Reader(files).run();
}

std::variant<ir::l7::Router, ReadError> read(const Files& files) {
  auto configuration = read_configuration(files);
  if (auto* error = std::get_if<ReadError>(&configuration)) return *std::move(error);
  return lift(std::get<Configuration>(configuration));
}

}  // namespace portcullis::haproxy
