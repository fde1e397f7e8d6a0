// What a TLS client reads in a certificate: the DNS names that it is for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis::cluster {

// Of the first certificate in a PEM text: the DNS names of its subjectAltName, in lower case and in its order. Absent
// where the text holds no certificate that can be read. The common name is no name: clients no longer look at it.
[[nodiscard]] std::optional<std::vector<std::string>> certificate_names(std::string_view pem);

}  // namespace portcullis::cluster
