# Counts the test cases in Meson's testlog.txt. Prints three numbers: passed, failed, skipped.
#
# A program that reports its cases (cmocka's own format on stdout) counts case by case, any other program as
# one. A program that ends badly without naming a failed case (a crash, a time-out, a sanitizer's report) is
# one failure more. A list of failed or skipped cases, which cmocka 2 prints on stdout at the end of a group, tells
# nothing new.

function end_of_program() {
    if (!in_program)
        return
    if (program_skipped && ok + bad + left_out == 0)
        left_out = 1
    else if (program_failed && bad == 0)
        bad = 1
    else if (!program_failed && ok + bad + left_out == 0)
        ok = 1
    passed += ok
    failed += bad
    skipped += left_out
    in_program = 0
}

/^=+ +[0-9]+\/[0-9]+ +=+$/ {
    end_of_program()
    in_program = 1
    ok = bad = left_out = program_failed = program_skipped = in_stdout = in_list = seen_result = 0
    next
}
in_program && !seen_result && /^result: / {
    seen_result = 1
    program_skipped = /exit status 77$/
    program_failed = !program_skipped && !/exit status 0$/
    next
}
/^-+ stdout -+$/ { in_stdout = 1; next }
/^-+ stderr -+$/ { in_stdout = 0; next }
/^\[=+\] .*Running [0-9]+ test\(s\)/ { in_list = 0 }
/^\[ .* test\(s\), listed below:$/ { in_list = 1 }
in_list { next }
in_stdout && /^\[       OK \] / { ok++ }
in_stdout && /^\[  FAILED  \] / { bad++ }
# A case whose set-up failed is named on stderr, as are the assertions of failed cases ("--- …").
/^\[  ERROR   \] [^-]/ { bad++ }
in_stdout && /^\[  SKIPPED \] / { left_out++ }

END {
    end_of_program()
    print passed + 0, failed + 0, skipped + 0
}
