# Sourced by demo, check, bench and tools/install-packages: how a step is run and told about, and how a build
# folder is made. The script that sources this sets `top`, the root of the tree, first.
#
# Exit status of these scripts, as of pricereport: 0 done, 1 a test failed, 2 wrong usage, 3 could not do it.

: "${top:?}"

fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 3
}

steps_log=$(mktemp) || exit 3
steps_heartbeat=
steps_end() {
    [ -z "$steps_heartbeat" ] || kill "$steps_heartbeat" 2>/dev/null
    rm -f "$steps_log"
}
trap steps_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# step LABEL COMMAND [ARGUMENT...]: runs a command that takes a while. Says so, and says so again every ten
# seconds; the command's own words are kept back and shown only if it fails (or, of its warnings, always).
# Returns the status of the command.
step() {
    step_label=$1
    shift
    printf '%s ...\n' "$step_label"
    (
        seconds=0
        # The output of sleep is not ours: killed in its sleep, this loop must not leave the caller's pipe open.
        while sleep 10 >/dev/null 2>&1; do
            seconds=$((seconds + 10))
            printf '%s ... (%s s)\n' "$step_label" "$seconds"
        done
    ) &
    steps_heartbeat=$!
    step_status=0
    "$@" >"$steps_log" 2>&1 || step_status=$?
    kill "$steps_heartbeat" 2>/dev/null
    wait "$steps_heartbeat" 2>/dev/null
    steps_heartbeat=
    if [ "$step_status" -ne 0 ]; then
        cat "$steps_log" >&2
        printf '%s: failed (exit status %s)\n' "$step_label" "$step_status" >&2
    else
        grep -i 'warning:' "$steps_log"
    fi
    return "$step_status"
}

# Whether the folder $1 was configured for this tree, at this place, by a Meson that this one understands.
is_our_build() {
    [ -f "$1/build.ninja" ] &&
        meson configure "$1" >"$steps_log" 2>&1 </dev/null &&
        [ "$(sed -n 's/^ *Source dir  *//p' "$steps_log")" = "$top" ] &&
        [ "$(sed -n 's/^ *Build dir  *//p' "$steps_log")" = "$1" ]
}

# Whether the folder whose options is_our_build has just listed has -DNAME=true or -DNAME=false; of an option with
# another kind of value this is taken for granted.
has_option() {
    case $1 in
    -D*=true | -D*=false) ;;
    *) return 0 ;;
    esac
    option_value=${1#*=}
    option_name=${1#-D}
    [ "$(awk -v name="${option_name%%=*}" '$1 == name { print $2; exit }' "$steps_log")" = "$option_value" ]
}

has_options() {
    for option; do
        has_option "$option" || return 1
    done
}

# configure FOLDER [MESON OPTION...]: leaves a configured build folder, whatever was there before.
# An existing one that fits is kept with its object files, and given the options; one half made, made by another Meson, or copied or moved here
# from elsewhere, is started afresh.
configure() {
    configure_folder=$1
    shift
    if is_our_build "$configure_folder"; then
        has_options "$@" && return 0
        # An option that is new to the folder is only met the first time.
        for _ in 1 2; do
            step "Configuring ${configure_folder##*/}/" meson setup --reconfigure "$@" "$configure_folder" "$top" ||
                fail "could not configure the build"
            is_our_build "$configure_folder" && has_options "$@" && return 0
        done
        fail "could not give the build its options: $*"
    fi
    if [ -e "$configure_folder" ]; then
        if [ ! -d "$configure_folder/meson-private" ] && [ -n "$(ls -A "$configure_folder")" ]; then
            fail "$configure_folder is not a build folder; move it away"
        fi
        printf '%s is no build of this tree, at this place, by this Meson: starting it afresh\n' "$configure_folder"
        rm -rf "$configure_folder"
    fi
    step "Configuring ${configure_folder##*/}/" meson setup "$@" "$configure_folder" "$top" ||
        fail "could not configure the build"
}

# build FOLDER [TARGET...]: compiles what has changed.
build() {
    build_folder=$1
    shift
    step "Building in ${build_folder##*/}/" ninja -C "$build_folder" "$@" || fail "could not build"
}
