# Everything that rooms may link, as imported targets. Debian's packages describe most of them; the rest is described here.
set(DUCKDB_ROOT "${CMAKE_SOURCE_DIR}/.deps/duckdb" CACHE PATH "Folder with include/ and lib/libduckdb.so, made by toolbox/deps")
if(NOT EXISTS "${DUCKDB_ROOT}/lib/libduckdb.so")
  message(FATAL_ERROR "DuckDB is not in ${DUCKDB_ROOT}: run toolbox/deps first (make does it by itself)")
endif()
add_library(duckdb::duckdb SHARED IMPORTED GLOBAL)
set_target_properties(duckdb::duckdb PROPERTIES
  IMPORTED_LOCATION "${DUCKDB_ROOT}/lib/libduckdb.so"
  INTERFACE_INCLUDE_DIRECTORIES "${DUCKDB_ROOT}/include"
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${DUCKDB_ROOT}/include")

set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
# Arrow's search for its own dependencies says much that concerns nobody here.
set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
set(CMAKE_SUPPRESS_DEVELOPER_WARNINGS ON)
foreach(quiet IN ITEMS Thrift Snappy RapidJSON re2 absl protobuf orc utf8proc lz4 zstd Brotli)
  set(${quiet}_FIND_QUIETLY ON)
endforeach()
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(Arrow CONFIG REQUIRED QUIET)
find_package(Parquet CONFIG REQUIRED QUIET)
find_package(ArrowFlight CONFIG REQUIRED QUIET)
find_package(ArrowFlightSql CONFIG REQUIRED QUIET)
find_package(spdlog CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
find_package(simdjson CONFIG REQUIRED)
find_package(simdutf CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(tomlplusplus CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(Boost CONFIG REQUIRED)
find_package(benchmark CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)

# library_alias(NAME TARGETS…): NAME for the first of TARGETS that exists.
function(library_alias name)
  if(TARGET ${name})
    return()
  endif()
  foreach(candidate IN LISTS ARGN)
    if(TARGET ${candidate})
      get_target_property(aliased ${candidate} ALIASED_TARGET)
      if(aliased)
        set(candidate ${aliased})
      endif()
      add_library(${name} ALIAS ${candidate})
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "none of ${ARGN} exists to stand for ${name}")
endfunction()

library_alias(tomlplusplus::tomlplusplus tomlplusplus)
library_alias(yaml-cpp::yaml-cpp yaml-cpp)
library_alias(GTest::gmock gmock)

# library_plain(NAME LIBRARY HEADER): a library whose package has no CMake files.
function(library_plain name library header)
  find_library(${library}_LIBRARY ${library} REQUIRED)
  find_path(${library}_INCLUDE ${header} REQUIRED)
  add_library(${name} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES
    IMPORTED_LOCATION "${${library}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${${library}_INCLUDE}")
endfunction()
library_plain(edit::edit edit histedit.h)
unset(CMAKE_MESSAGE_LOG_LEVEL)

# ADBC's driver manager, compiled from its own sources.
set(ADBC_ROOT "${CMAKE_SOURCE_DIR}/.deps/adbc" CACHE PATH "Folder with manager/ (sources), made by toolbox/deps")
add_library(adbc_driver_manager STATIC
  "${ADBC_ROOT}/manager/adbc_driver_manager.cc"
  "${ADBC_ROOT}/manager/adbc_driver_manager_api.cc"
  "${ADBC_ROOT}/manager/adbc_driver_manager_driver_loading.cc"
  "${ADBC_ROOT}/manager/adbc_driver_manager_profiles.cc")
target_include_directories(adbc_driver_manager SYSTEM PUBLIC "${ADBC_ROOT}/manager")
target_compile_options(adbc_driver_manager PRIVATE -w)
target_link_libraries(adbc_driver_manager PRIVATE tomlplusplus::tomlplusplus ${CMAKE_DL_LIBS})
add_library(adbc::driver_manager ALIAS adbc_driver_manager)

# The Redis client. Its package describes itself to pkg-config only.
find_package(PkgConfig REQUIRED)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET GLOBAL hiredis hiredis_ssl)
