# Completion of msg for fish.

function __msg_answer
    set -l words (commandline -opc)
    set -l program msg
    for word in $words
        if string match -qr '(^|/)msg$' -- $word
            set program (string replace -r '^~/' "$HOME/" -- $word)
            break
        end
    end
    command $program completion fish --line=(commandline -cp | string collect) 2>/dev/null </dev/null
end

function __msg_names
    set -l answer (__msg_answer)
    if string match -q 'from *' -- $answer[1]
        printf '%s\n' $answer[2..-1]
        return
    end
    # fish itself completes files, but for those within a word with their flag, as -fNAME.
    set -l flag (string replace -rf '^files (-[^-])' '$1' -- $answer[1])
    and for file in (__fish_complete_path (string replace -- $flag '' (commandline -ct)))
        echo $flag$file
    end
end

complete -c msg -f -a '(__msg_names)'
complete -c msg -n "string match -q 'files *' -- (__msg_answer)" -F
