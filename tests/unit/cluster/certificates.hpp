// Certificates for tests: self-signed, nobody's.
#pragma once

#include <string_view>

namespace portcullis::tests {

// subjectAltName DNS:Shop.Example.com, DNS:*.api.example.com, IP:192.0.2.1; common name ignored.example.com.
inline constexpr std::string_view shop_certificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIByjCCAXGgAwIBAgIUF8uGQEmV+ocRlKFHotJk8IoJSc0wCgYIKoZIzj0EAwIw\n"
    "HjEcMBoGA1UEAwwTaWdub3JlZC5leGFtcGxlLmNvbTAgFw0yNjExMjkxMzUwMDda\n"
    "GA8yMTI2MTEwNTEzNTAwN1owHjEcMBoGA1UEAwwTaWdub3JlZC5leGFtcGxlLmNv\n"
    "bTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOXS/nChSJIED6CsW4m8UhHZwJjx\n"
    "sLWdAX5iPe0HaPLRoO3R/LwGW/ajhTZrWNyCM4gpZ4FJK+9ad4uAEwxLRDyjgYow\n"
    "gYcwHQYDVR0OBBYEFP0+zEkfD/VSjjlxzqH/ehz/YGo7MB8GA1UdIwQYMBaAFP0+\n"
    "zEkfD/VSjjlxzqH/ehz/YGo7MA8GA1UdEwEB/wQFMAMBAf8wNAYDVR0RBC0wK4IQ\n"
    "U2hvcC5FeGFtcGxlLmNvbYIRKi5hcGkuZXhhbXBsZS5jb22HBMAAAgEwCgYIKoZI\n"
    "zj0EAwIDRwAwRAIga1FyU4Gf1YPXNEalx5xxhWqDuDRY7xwTNCEOrkwXCKUCIBL9\n"
    "4U4jrW/BwcbXKo8zsQIO1e7Vw/DV2SFSCgrkD3KW\n"
    "-----END CERTIFICATE-----\n";

// Common name only-a-common-name.example.com, no subjectAltName.
inline constexpr std::string_view nameless_certificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBqDCCAU+gAwIBAgIUNrmPawW/pJzmGsq1+PyajOMjI2owCgYIKoZIzj0EAwIw\n"
    "KTEnMCUGA1UEAwweb25seS1hLWNvbW1vbi1uYW1lLmV4YW1wbGUuY29tMCAXDTI2\n"
    "MTEyOTEzNTAwN1oYDzIxMjYxMTA1MTM1MDA3WjApMScwJQYDVQQDDB5vbmx5LWEt\n"
    "Y29tbW9uLW5hbWUuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
    "AASY3/TQkUilBVCwIrae9S289r9wOqyjEJ5SOJSY3vt7VivS9VNZ59D5+gWnH+uq\n"
    "+vmiaFl0Voc34yEB+WGas4bIo1MwUTAdBgNVHQ4EFgQUeWTRrUT/Ia+227fy46Yi\n"
    "m69PxBIwHwYDVR0jBBgwFoAUeWTRrUT/Ia+227fy46Yim69PxBIwDwYDVR0TAQH/\n"
    "BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBslDDRbNyJ5ZEV9Kf48at6AqojGqmC\n"
    "Abtokpu6dXM+WgIgAuoWGiw6XyQfGPeB+gqie1MtvfTCRKQJXUwKR4+QWU8=\n"
    "-----END CERTIFICATE-----\n";

}  // namespace portcullis::tests
