# Sourced by ./cleave and ./bench: finds a JDK 25, builds what is missing or out of date, runs a main class.
# Standard output belongs to the program; everything said here goes to standard error.

set -euo pipefail

library=cleave-core

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# Is this directory the home of a JDK 25? Every JDK says its version in its file "release".
is_jdk_25() {
    [[ -x $1/bin/java && -x $1/bin/javac && -r $1/release ]] && grep -Eq '^JAVA_VERSION="25["+.-]' "$1/release"
}

# Prints the home of a JDK 25, or fails.
find_jdk_25() {
    local java candidate
    if [[ -n ${CLEAVE_JAVA_HOME:-} ]]; then
        is_jdk_25 "$CLEAVE_JAVA_HOME" || die "CLEAVE_JAVA_HOME is $CLEAVE_JAVA_HOME, which is not the home of a JDK 25."
        printf '%s\n' "$CLEAVE_JAVA_HOME"
        return
    fi
    java=$(readlink -f "$(command -v java || true)" || true)
    for candidate in "${JAVA_HOME:-}" "${JAVA25_HOME:-}" "${java%/bin/java}" \
            /usr/lib/jvm/* ~/.sdkman/candidates/java/* ~/.jdks/* /opt/* /opt/*/*; do
        if [[ -n $candidate ]] && is_jdk_25 "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    say "Cleave needs a JDK 25 and found none."
    [[ -z $java ]] || say "The java on the PATH is $java."
    say "Looked at CLEAVE_JAVA_HOME, JAVA_HOME, JAVA25_HOME, the PATH, /usr/lib/jvm, ~/.sdkman, ~/.jdks and /opt."
    die "Get one from your distribution or from https://adoptium.net (Temurin 25), or set CLEAVE_JAVA_HOME to its directory."
}

# Is this jar there, and none of these inputs newer than both it and the last good build?
is_current() {
    local jar=$1 built=$2 since=$1
    shift 2
    [[ -f $jar ]] || return 1
    if [[ $built -nt $jar ]]; then since=$built; fi
    [[ -z $(find "$@" -newer "$since" -print -quit) ]]
}

# Where a module has the jars that it needs beside the project's own: for Spark that is SPARK_HOME/jars.
libraries_of() {
    if [[ $1 == cleave-spark ]]; then printf '%s\n' "$1/target/spark-home/jars"; else printf '%s\n' "$1/target/lib"; fi
}

# Does a command need Spark? It is 220 MB, which nobody else is to download.
needs_spark() {
    local module=$1 argument
    shift
    if [[ $module == cleave-bench ]]; then [[ ${1:-} == spark ]]; return; fi
    [[ ${1:-} == demo ]] || return 1
    for argument in "$@"; do
        case $argument in --spark | --master | --master=*) return 0 ;; esac
    done
    return 1
}

is_built() {
    local module=$1 built=target/launcher/built-$1
    [[ -d $(libraries_of "$module") ]] \
        && is_current "$library/target/cleave.jar" "$built" pom.xml "$library/pom.xml" "$library/src/main" \
        && is_current "$module/target/$module.jar" "$built" "$library/target/cleave.jar" "$module/pom.xml" "$module/src/main"
}

# Runs Maven on what the module needs, with a dot per second on standard error and its log in a file.
build() {
    local jdk=$1 module=$2 log=target/launcher/build-$2.log pid status=0 pom
    command -v mvn >/dev/null || die "Cleave has to be built, and there is no mvn: install Maven 3.8 or newer (https://maven.apache.org)."
    if [[ -f $module/target/$module.jar ]]; then
        printf 'Building %s (its sources have changed) ' "$module" >&2
    else
        printf 'Building %s (first run: about a minute) ' "$module" >&2
    fi
    for pom in pom.xml "$library/pom.xml" "$module/pom.xml"; do
        if [[ $pom -nt $(libraries_of "$module") ]]; then rm -rf "$(libraries_of "$module")"; fi
    done
    # Maven gets the lock's descriptor closed, so that nothing it leaves behind can hold the lock.
    JAVA_HOME=$jdk mvn -B -ntp -pl ":$module" -am package -Dmaven.test.skip=true -Dspotless.check.skip=true \
        </dev/null >"$log" 2>&1 9>&- &
    pid=$!
    trap 'kill "$pid" 2>/dev/null || true' EXIT
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        printf . >&2
    done
    wait "$pid" || status=$?
    trap - EXIT
    if ((status)); then
        say " failed"
        grep -m 30 -E '^\[ERROR\]' "$log" >&2 || tail -n 30 "$log" >&2
        die "The whole log: $PWD/$log"
    fi
    touch "target/launcher/built-$module"
    say " done"
}

# Builds a module where that is needed.
ensure_built() {
    local root=$1 module=$2 jdk=$3
    if ! (cd "$root" && is_built "$module"); then
        (
            cd "$root"
            mkdir -p target/launcher
            # One build at a time. Whoever waited for another's build usually finds nothing left to do.
            exec 9>target/launcher/lock
            flock -n 9 || { say "Waiting for another build of Cleave ..."; flock 9; }
            is_built "$module" || build "$jdk" "$module"
        ) || exit 1
    fi
}

# launch ROOT MODULE MAIN_CLASS ARGUMENT...
launch() {
    local root=$1 module=$2 main=$3 jdk classpath options=()
    shift 3
    jdk=$(find_jdk_25) || exit 1
    ensure_built "$root" "$module" "$jdk"
    classpath="$root/$library/target/cleave.jar:$root/$module/target/$module.jar:$root/$module/target/lib/*"
    if needs_spark "$module" "$@"; then
        ensure_built "$root" cleave-spark "$jdk"
        # Spark's before others, which have other versions of some.
        classpath="$root/$library/target/cleave.jar:$root/$module/target/$module.jar"
        classpath+=":$root/cleave-spark/target/cleave-spark.jar:$root/cleave-spark/target/spark-home/jars/*"
        classpath+=":$root/$module/target/lib/*"
        # Spark uses Unsafe, which the JVM would warn of.
        options+=("-Dcleave.spark.home=$root/cleave-spark/target/spark-home" --sun-misc-unsafe-memory-access=allow)
    fi
    # The opened package spares a warning about Unsafe, which Fory falls back to where it cannot use java.lang.invoke.
    # CLEAVE_JAVA_OPTS is a list of options, and is split on purpose.
    exec "$jdk/bin/java" --enable-native-access=ALL-UNNAMED --add-opens=java.base/java.lang.invoke=ALL-UNNAMED \
        "${options[@]}" ${CLEAVE_JAVA_OPTS:-} -cp "$classpath" "$main" "$@"
}
