#include "compiler/driver/request_sentence.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/ir/l7/letters.hpp"

namespace portcullis::driver {

namespace {

constexpr std::string_view example = "for example: GET https://shop.example.com/cart from 192.0.2.7";

bool is_url(std::string_view word) {
  return word.find("://") != std::string_view::npos;
}

// RFC 9110 5.6.2: a method or a header's name.
bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

std::string_view without_quotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

class Parser {
 public:
  explicit Parser(std::string_view sentence) : sentence_(sentence), words_(words_of(sentence, true)) {}

  RequestAsked parse() {
    if (!words_.empty() && !is_url(words_.front().text)) method();
    url();
    while (next_ < words_.size()) addition();
    return std::move(asked_);
  }

 private:
  Word take(std::string_view what) {
    if (next_ == words_.size()) {
      stop({sentence_.substr(sentence_.size()), sentence_.size()},
           fmt::format("the sentence ends where {} should be", what), std::string(example));
    }
    return words_[next_++];
  }
  ir::l7::Request& request() { return asked_.question.request; }

  void method() {
    const Word word = take("a method");
    if (!is_token(word.text)) stop(word, fmt::format("`{}` is no method", word.text), std::string(example));
    request().method = word.text;
  }

  void url() {
    const Word word = take("a URL");
    auto parsed = parse_url(word.text);
    if (const auto* error = std::get_if<std::string>(&parsed)) stop(word, *error, std::string(example));
    Url& url = std::get<Url>(parsed);
    request().https = url.https;
    request().port = url.port;
    request().sni = std::move(url.sni);
    request().target = std::move(url.target);
    request().headers.push_back({"Host", std::move(url.host)});
  }

  void addition() {
    const Word word = take("");
    if (word.text == "from") return source(take("the client's address"));
    if (word.text == "with") return header(take("a header"));
    if (word.text == "sni") return server_name(take("a server name"));
    if (word.text == "target") {
      request().target = take("a target").text;
    } else if (word.text == "class") {
      asked_.klass = take("a class").text;
    } else if (word.text == "ingress") {
      asked_.ingress = take("an Ingress").text;
    } else {
      constexpr std::array<std::string_view, 6> known{"from", "with", "sni", "target", "class", "ingress"};
      const std::string_view near = base::nearest(word.text, known);
      stop(word, fmt::format("`{}` has no place after the URL", word.text),
           near.empty() ? "from ADDRESS, with NAME=VALUE, sni NAME, target TARGET, class NAME, ingress NAMESPACE/NAME"
                        : fmt::format("did you mean `{}`?", near));
    }
  }

  void source(const Word& word) {
    const std::optional<net::Address> address = net::Address::parse(word.text);
    if (!address) stop(word, fmt::format("`{}` is no IP address", word.text), "names are not looked up");
    request().source = *address;
    asked_.question.from_client = true;
  }

  void header(const Word& word) {
    const std::size_t equals = word.text.find('=');
    const std::string_view name = word.text.substr(0, equals);
    if (equals == std::string_view::npos || !is_token(name)) {
      stop(word, fmt::format("`{}` is no header", word.text), "NAME=VALUE, with quotes around a value with blanks");
    }
    const std::string value(without_quotes(word.text.substr(equals + 1)));
    if (ir::l7::equal_folded(name, "Host") && !host_given_) {
      request().headers.front().value = value;
      host_given_ = true;
    } else {
      request().headers.push_back({std::string(name), value});
    }
  }

  void server_name(const Word& word) {
    if (!request().https) stop(word, "a server name is sent with https only", "");
    request().sni = word.text == "-" ? std::nullopt : std::optional<std::string>(word.text);
  }

  std::string_view sentence_;
  std::vector<Word> words_;
  std::size_t next_ = 0;
  bool host_given_ = false;
  RequestAsked asked_;
};

}  // namespace

bool is_request_sentence(std::string_view sentence) {
  const std::vector<Word> words = words_of(sentence, true);
  return std::ranges::any_of(words.begin(), words.begin() + std::min<std::ptrdiff_t>(2, std::ssize(words)),
                             [](const Word& word) { return is_url(word.text); });
}

std::variant<RequestAsked, SentenceError> parse_request_sentence(std::string_view sentence) {
  try {
    return Parser(sentence).parse();
  } catch (const Stop& stopped) {
    return stopped.error;
  }
}

}  // namespace portcullis::driver
