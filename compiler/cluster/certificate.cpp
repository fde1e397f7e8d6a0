#include "compiler/cluster/certificate.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace portcullis::cluster {

namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// An encrypted block is not asked for its password.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '*';
}

// Empty where the entry is no DNS name, or holds what no DNS name does.
std::string dns_name(const GENERAL_NAME* entry) {
  int type = 0;
  const void* value = GENERAL_NAME_get0_value(entry, &type);
  if (type != GEN_DNS || value == nullptr) return {};
  const auto* text = static_cast<const ASN1_STRING*>(value);
  const unsigned char* data = ASN1_STRING_get0_data(text);
  std::string name;
  for (int i = 0; i < ASN1_STRING_length(text); ++i) name += lower(static_cast<char>(data[i]));
  return std::ranges::all_of(name, is_name_character) ? name : std::string{};
}

}  // namespace

std::optional<std::vector<std::string>> certificate_names(std::string_view pem) {
  if (pem.empty() || pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return {};
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Owned<X509> certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr) : nullptr);
  std::optional<std::vector<std::string>> names;
  if (certificate) {
    names.emplace();
    const Owned<GENERAL_NAMES> entries(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
    const int count = entries ? sk_GENERAL_NAME_num(entries.get()) : 0;
    for (int i = 0; i < count; ++i) {
      std::string name = dns_name(sk_GENERAL_NAME_value(entries.get(), i));
      if (!name.empty()) names->push_back(std::move(name));
    }
  }
  ERR_clear_error();
  return names;
}

}  // namespace portcullis::cluster
