// Certificates for the Secrets of cases: self-signed, P-256, made when asked for.
#pragma once

#include <string>
#include <vector>

namespace portcullis::request_cases {

struct KeyPair {
  std::string certificate, key;  // PEM
};
// The same one for the same names throughout the run. Names: of subjectAltName.
[[nodiscard]] const KeyPair& certificate_for(const std::vector<std::string>& names);

[[nodiscard]] std::string base64(const std::string& bytes);

}  // namespace portcullis::request_cases
