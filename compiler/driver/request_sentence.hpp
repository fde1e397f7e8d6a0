// A request as a sentence:
//
//   [METHOD] URL [from ADDRESS] [with NAME=VALUE]... [sni NAME] [target TARGET] [class NAME] [ingress NAMESPACE/NAME]
//
//   GET https://shop.example.com/cart from 192.0.2.7
//   POST http://shop.example.com/cart with Cookie="canary=always" class nginx
//   GET https://shop.example.com/ sni other.example.com         `sni -`: none is sent
//
// The URL gives Host, server name and target; `with Host=…` replaces the Host. `from` is the client's own address.
#pragma once

#include <string_view>
#include <variant>

#include "compiler/driver/request_asked.hpp"
#include "compiler/driver/sentence.hpp"

namespace portcullis::driver {

// Whether a sentence is one of requests: its first or second word is a URL.
[[nodiscard]] bool is_request_sentence(std::string_view sentence);
[[nodiscard]] std::variant<RequestAsked, SentenceError> parse_request_sentence(std::string_view sentence);

}  // namespace portcullis::driver
