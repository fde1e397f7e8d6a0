# Headers that most files include, compiled once. Only the release preset asks for it: the others show that every file
# includes what it needs.
option(PORTCULLIS_PRECOMPILED "compile common headers once (quicker from nothing)" OFF)

set(portcullis_common_headers
  <algorithm> <array> <map> <memory> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <variant>
  <vector> <fmt/format.h>)

# portcullis_precompiled(TARGET KIND): TARGET is compiled with the headers of KIND, `rooms` or `tests`. All targets of a
# kind have the same flags; the first one compiles the headers.
function(portcullis_precompiled target kind)
  if(NOT PORTCULLIS_PRECOMPILED)
    return()
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # as ccache needs it
  endif()
  get_property(first GLOBAL PROPERTY portcullis_precompiled_${kind})
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
    return()
  endif()
  set_property(GLOBAL PROPERTY portcullis_precompiled_${kind} ${target})
  if(kind STREQUAL tests)
    target_precompile_headers(${target} PRIVATE ${portcullis_common_headers} <catch2/catch.hpp>)
  else()
    target_precompile_headers(${target} PRIVATE ${portcullis_common_headers})
  endif()
endfunction()
