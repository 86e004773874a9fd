# Completion of pricereport for bash.
#
# Verbs and options are asked of pricereport itself, so that they are always those of the program that is there; what
# options take is completed by name.

# The verbs, from the list in the help of the experiment.
_pricereport_verbs() {
    "$1" --help 2>/dev/null | sed -n 's/^  pricereport \([a-z]*\) .*/\1/p'
}

# The options of a verb ("" for the experiment), with = where they take something.
_pricereport_options() {
    "$1" ${2:+"$2"} --help 2>/dev/null |
        sed -n 's/^ \{2,6\}\(-., \)\{0,1\}\(--[a-z-]*\)\[\{0,1\}\(=\{0,1\}\).*/\2\3/p'
}

# What may stand for the value of an option of a verb, one a line; files are completed by bash itself.
_pricereport_values() {
    case $2$1 in
    import--format) printf '%s\n' hyperfine google-benchmark pytest-benchmark pyperf asv criterion jmh go ;;
    export--format) printf '%s\n' json csv markdown benchstat openmetrics ;;
    *--executor) printf '%s\n' @EXECUTORS@ auto ;;
    *--format) printf '%s\n' svg png pdf txt ;;
    *--chart) printf '%s\n' executors history workers break-even samples timeline ;;
    esac
}

# The numbers of the recorded runs, newest first.
_pricereport_runs() {
    "$1" list --csv ${2:+--db "$2"} 2>/dev/null | sed -n '2,$s/^\([0-9]*\),.*/\1/p' | sort -rn | head -n 50
}

# The branches and tags of the repository, each after a text, such as the beginning of a range.
_pricereport_names() {
    git for-each-ref --format="$1%(refname:short)" refs/heads refs/tags 2>/dev/null
}

# A list separated by commas is completed at its end.
_pricereport_complete_list() {
    local done='' word=$2
    case $1/$word in
    --executor/*,*)
        done=${word%,*},
        word=${word##*,}
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -P "$done" -W "$(_pricereport_values "$1" "$3")" -- "$word")
}

_pricereport() {
    local program=$1 word=$2 before=$3 verb='' db='' i option=''
    COMPREPLY=()
    # bash takes the = of --option=VALUE for a word of its own.
    if [[ $before == = && $COMP_CWORD -ge 2 ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $word == = ]]; then
        option=$before
        word=
    elif [[ $before == --* ]]; then
        option=$before
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --)
            # Behind it comes a command to be timed.
            mapfile -t COMPREPLY < <(compgen -A command -A file -- "$word")
            return
            ;;
        --db)
            [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
            ((i + 1 < COMP_CWORD)) && db=${COMP_WORDS[i + 1]}
            ((i++))
            ;;
        -* | =) ;;
        *)
            [[ -n $verb || ${COMP_WORDS[i - 1]} == = || ${COMP_WORDS[i - 1]} == --* ]] || verb=${COMP_WORDS[i]}
            ;;
        esac
    done
    case $option in
    --executor | --format | --chart)
        _pricereport_complete_list "$option" "$word" "$verb"
        return
        ;;
    --in | --database | --load | --db | --input | --output | --file-size)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --branch | --commits)
        mapfile -t COMPREPLY < <(compgen -W "$(_pricereport_names "${word%"${word##*..}"}")" -- "$word")
        return
        ;;
    --out | --all)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return
        ;;
    esac
    # The value of any other option is the user's own.
    if [[ -n $option ]] && _pricereport_options "$program" "$verb" | grep -qxe "$option="; then
        return
    fi
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_pricereport_options "$program" "$verb")" -- "$word")
        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
        return
    fi
    case $verb in
    '')
        mapfile -t COMPREPLY < <(compgen -W "$(_pricereport_verbs "$program")" -- "$word")
        ;;
    list | show | plot | report | compare | check | export | delete | ack | exclude)
        mapfile -t COMPREPLY < <(compgen -W "latest $(_pricereport_runs "$program" "$db")" -- "$word")
        ;;
    import | merge)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    esac
}

complete -F _pricereport pricereport
