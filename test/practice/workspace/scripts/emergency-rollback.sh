#!/usr/bin/env bash
# Stands for the rollback script of a real service. It changes nothing: it only says what a real one would do.
set -euo pipefail

environment="${1:?Say which environment: $0 production}"

echo "Rolling ${environment} back from 2.14.1 to 2.14.0"
printf '\033[32m%s\033[0m\n' "The tasks of ${environment} run 2.14.0 (practice: nothing was changed)"
