#compdef msg
# Completion of msg for zsh: a file named _msg in $fpath, or sourced in ~/.zshrc.

_msg() {
    local answer head tail entry
    local -a lines entries
    answer=$(command "${${(Q)words[1]}/#\~\//$HOME/}" completion zsh \
        --line="${(j: :)words[1,CURRENT-1]} $QIPREFIX$IPREFIX$PREFIX" 2>/dev/null </dev/null) || return 1
    if [[ $answer == 'files '* ]]; then
        head=${answer#files } # of --file=NAME and -fNAME, what is not the file's
        [[ $PREFIX == "$head"* ]] && compset -p ${#head}
        _files
        return
    fi
    lines=("${(@f)answer}")
    [[ $lines[1] == 'from '* ]] || return 1
    tail=${lines[1]#from }
    # What stands before the names is left as it is.
    [[ $PREFIX == *"$tail" ]] || return 1
    compset -p $(( ${#PREFIX} - ${#tail} )) || return 1
    for entry in "${(@)lines[2,-1]}"; do
        if [[ $entry == *$'\t'* ]]; then
            entries+=("${${entry%%$'\t'*}//:/\\:}:${entry#*$'\t'}")
        else
            entries+=("${entry//:/\\:}")
        fi
    done
    _describe -t names 'msg' entries
}

if [[ ${funcstack[1]-} == _msg ]]; then
    _msg "$@" # loaded by compinit, for the first time it is called
else
    if ! (( ${+functions[compdef]} )); then
        autoload -Uz compinit && compinit -i
    fi
    compdef _msg msg
fi
