# sessionize: build, install and test.
#
#   make, make install          plain PGXS; PG_CONFIG=... chooses the server
#   make check                  everything that CI does, see tools/check
#   make check-15 (-17, -18)    the tests on one PostgreSQL major
#   make check-long             with the tests that take long, and these parts:
#   make check-sanitizers, check-fuzz, check-valgrind, check-caches
#   make demo, make dashboard   see demo/
#   make check-clients          reads sessions through what people use, see clients/
#   make deb, make dist         Debian packages, an archive for PGXN; into dist/
#                               (make deb MAJORS="15 17 18" for these)
#   make bench                  see bench/; takes long, and is no test
#
# The version's only home is sessionize.control.

MODULE_big = sessionize
EXTENSION = sessionize
DATA = $(sort $(wildcard sql/sessionize--*.sql))
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
PG_CPPFLAGS = -I$(srcdir)/src

# Tests stay out of sql/: pg_regress would find the install scripts there.
REGRESS = $(patsubst sql_tests/sql/%.sql,%,$(sort $(wildcard sql_tests/sql/*.sql)))
REGRESS_OPTS = --inputdir=sql_tests --load-extension=sessionize
ISOLATION = $(patsubst sql_tests/specs/%.spec,%,$(sort $(wildcard sql_tests/specs/*.spec)))
ISOLATION_OPTS = --inputdir=sql_tests --outputdir=. --load-extension=sessionize
TAP_TESTS = 1
PROVE_TESTS = sql_tests/t/*.pl

# The goals of the harness need no pg_config (the first thing it does is to
# install what is missing), and PGXS has a check of its own.
harness_goals := $(filter check check-% demo bench deb dist dashboard,$(MAKECMDGOALS))

ifeq ($(harness_goals),)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error $(PG_CONFIG) does not work: install the headers of your PostgreSQL server (postgresql-server-dev-NN), or name its pg_config by PG_CONFIG=)
endif

# No LLVM bitcode where the compiler that the server's package names is missing.
llvm_program = $(shell sed -n 's/^$(1) *= *//p' $(dir $(PGXS))../Makefile.global)
ifeq ($(wildcard $(call llvm_program,CLANG)),)
override with_llvm = no
endif
ifeq ($(wildcard $(call llvm_program,LLVM_BINPATH)/llvm-lto),)
override with_llvm = no
endif

include $(PGXS)

PG_PROVE_FLAGS += -I sql_tests/t

# Packaged PGXS does not track headers.
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*.h src/*/*.h)

else

.PHONY: check check-long check-clients demo dashboard bench deb dist force

check:
	@tools/check

check-long:
	@SESSIONIZE_LONG=1 tools/check

check-clients:
	@tools/check-clients

check-%: force
	@tools/check $*

demo:
	@demo/run

dashboard:
	@demo/dashboard/run

bench:
	@bench/run

deb:
	@tools/deb $(MAJORS)

dist:
	@tools/dist

endif
