# Completion of msg for bash: of bash itself and nothing else.
#
# msg tells what is missing of the word at the cursor, so it does not matter at which of
# its characters bash parts it (COMP_WORDBREAKS), nor how it is quoted.

_msg() {
    local answer entry
    COMPREPLY=()
    answer=$(command "${1/#~\//$HOME/}" completion bash --line="${COMP_LINE:0:COMP_POINT}" 2>/dev/null </dev/null) || return 0
    if [[ $answer == 'files '* ]]; then
        _msg_files "$2" "${answer#files }"
        return 0
    fi
    if [[ $answer != 'from '* ]]; then
        return 0
    fi
    [[ $answer == *$'\n'* ]] || answer+=$'\n' # the only name is complete: nothing is missing of it
    while IFS= read -r entry; do
        COMPREPLY+=("$2$entry")
    done <<<"${answer#*$'\n'}"
}

# _msg_files completes a file's name. Where the word has its flag, too, as -fNAME and, with
# other word breaks, --file=NAME, that stays in front of it. bash would take the two for the
# name of a file, and expand what is in it to look for that; so names with characters that
# mean something to bash are left out there.
_msg_files() {
    local entry
    if [[ -z $2 || $1 != "$2"* ]]; then
        compopt -o default 2>/dev/null # as there is no answer, bash completes files
        return 0
    fi
    while IFS= read -r entry; do
        [[ $entry != *[!A-Za-z0-9_./+,:@%-]* ]] || continue
        if [[ -d $entry ]]; then
            entry+=/
            compopt -o nospace 2>/dev/null
        fi
        COMPREPLY+=("$2$entry")
    done < <(compgen -f -- "${1#"$2"}")
}

complete -F _msg msg
