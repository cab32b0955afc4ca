import pytest

import helper_code
import prepare_image_data
import prepare_ptbxl_data
import remove_hidden_data

HEADER = (
    "r1 2 100 4 09:17:34 09/11/1984 \n"
    "r1.dat 16 1000.0(0)/mV 16 0 -119 1508 0 I\n"
    "r1.dat 16 1000.0(0)/mV 16 0 -55 723 0 II\n"
    "# Age: 56\n"
    "# Labels: NORM\n"
    "\n"
    "#note\n"
    "# Image: r1-0.png, r1-1.png\n"
)
HIDDEN = "r1 2 100 4\nr1.dat 16 1000.0(0)/mV 16 0    I\nr1.dat 16 1000.0(0)/mV 16 0    II\n"


def run(script, *args):
    script.run(script.get_parser().parse_args([str(arg) for arg in args]))


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def records(tmp_path):
    """A folder with one record in a sub-folder; the second of its images is missing."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "r1.hea").write_text(HEADER)
    for name in ("r1.dat", "r1-0.png"):
        (folder / "sub" / name).write_text(name)
    return folder


# --- remove_hidden_data.py ---


@pytest.mark.parametrize(
    ("flags", "comments", "others"),
    [
        ([], "", []),
        (["-w"], "", ["sub/r1.dat"]),
        (["--include_labels"], "# Labels: NORM\n", []),
        (["--include_images"], "# Image: r1-0.png, r1-1.png\n", ["sub/r1-0.png"]),
        (
            ["--include_waveforms", "-l", "-m"],
            "# Labels: NORM\n# Image: r1-0.png, r1-1.png\n",
            ["sub/r1-0.png", "sub/r1.dat"],
        ),
    ],
)
def test_a_hidden_copy_has_what_was_asked_for(records, tmp_path, flags, comments, others):
    output = tmp_path / "out"
    run(remove_hidden_data, "--input_folder", records, "--output_folder", output, *flags)
    assert (output / "sub" / "r1.hea").read_text() == HIDDEN + comments
    assert files(output) == sorted([*others, "sub/r1.hea"])
    assert (records / "sub" / "r1.hea").read_text() == HEADER
    assert files(records) == ["sub/r1-0.png", "sub/r1.dat", "sub/r1.hea"]


@pytest.mark.parametrize(
    ("flags", "others"),
    [([], []), (["-w"], ["sub/r1.dat"]), (["-m"], []), (["-m", "-w", "-l"], ["sub/r1.dat"])],
)
def test_in_place_only_the_unwanted_signals_go(records, flags, others):
    run(remove_hidden_data, "-i", records, "-o", f"{records}/.", *flags)
    assert (records / "sub" / "r1.hea").read_text().startswith(HIDDEN)
    assert files(records) == sorted(["sub/r1-0.png", *others, "sub/r1.hea"])


def test_hiding_twice_changes_nothing(records):
    run(remove_hidden_data, "-i", records, "-o", records, "-m")
    once = (records / "sub" / "r1.hea").read_text()
    run(remove_hidden_data, "-i", records, "-o", records, "-m")
    assert (records / "sub" / "r1.hea").read_text() == once


def test_a_signal_file_already_in_another_output_folder_stays(records, tmp_path):
    output = tmp_path / "out"
    run(remove_hidden_data, "-i", records, "-o", output, "-w")
    run(remove_hidden_data, "-i", records, "-o", output)
    assert "sub/r1.dat" in files(output)


def test_hiding_stops_at_a_record_that_names_no_images_or_lacks_items(records, tmp_path):
    header = records / "sub" / "r1.hea"
    header.write_text(HIDDEN)
    with pytest.raises(Exception, match="names no images"):
        run(remove_hidden_data, "-i", records, "-o", tmp_path / "out", "-m")
    header.write_text("r1 1 100 4\nr1.dat 16 1000.0(0)/mV 16 0 I\n")
    with pytest.raises(IndexError):
        run(remove_hidden_data, "-i", records, "-o", tmp_path / "out")


# --- prepare_image_data.py ---


@pytest.mark.parametrize(
    ("record", "images", "line"),
    [
        (
            "r1",
            ["r1-0.png", "r1-2.png", "r1-10.png", "r1-9.png", "r1-3.jpeg", "r1-4.JPG", "r1.png"],
            "r1-0.png, r1-2.png, r1-3.jpeg, r1-9.png, r1-10.png",
        ),
        (
            "k-1",
            ["k-1-0.png", "k-1-x.png", "k-1-B.png", "k-0.jpg", "k-1.png"],
            "k-1-0.png, k-1-B.png, k-1-x.png",
        ),
        ("r1", [], ""),
        ("r1", ["r1-1.png", "r1-1.jpg", "r1-0.png"], "r1-0.png, r1-1.jpg, r1-1.png"),
    ],
)
def test_images_are_named_by_number_or_else_by_name(tmp_path, record, images, line):
    folder = tmp_path / "a-b"
    folder.mkdir()
    header = folder / f"{record}.hea"
    header.write_text(f"{record} 0 100 4\n\n# Image: old.png\n# Age: 3\n")
    for name in images:
        (folder / name).touch()
    for _ in range(2):  # the second run changes nothing
        run(prepare_image_data, "-i", tmp_path, "-o", tmp_path)
        assert header.read_text() == f"{record} 0 100 4\n# Age: 3\n# Image: {line}\n"


def test_a_record_is_copied_with_its_signals_and_images(records, tmp_path):
    output = tmp_path / "out"
    (records / "sub" / "other-0.png").touch()
    run(prepare_image_data, "--input_folder", records, "--output_folder", output)
    assert files(output) == ["sub/r1-0.png", "sub/r1.dat", "sub/r1.hea"]
    text = (output / "sub" / "r1.hea").read_text()
    assert text == HEADER.replace("\n\n", "\n").replace(", r1-1.png", "")
    assert helper_code.get_image_files(str(output / "sub" / "r1")) == ["r1-0.png"]


# --- prepare_ptbxl_data.py ---

CODES = """,description,diagnostic,form,rhythm,diagnostic_class
NORM,normal ECG,1.0,,,NORM
IMI,"inferior infarction, any age",1.0,,,MI
AMI,anterior infarction,1.0,,,MI
ISC_,ischemic,1.0,,,STTC
CLBBB,left bundle branch block,1.0,,,CD
LVH,left hypertrophy,1.0,,,HYP
PVC,ventricular premature complex,,1.0,,
AFIB,fibrillation,,,1.0,
"""
PATIENT = "sex,age,height,weight,recording_date,scp_codes"
STATEMENTS = "StatementNumber,Acronym,RhythmStatement\n821,ACU,\n902,,\n99,SR,1\n"


@pytest.fixture
def prepare(tmp_path):
    """Return a function that prepares one record and returns its header."""
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "00007_hr.dat").write_text("signal")
    tables = {"-pd": None, "-pm": CODES, "-sd": None, "-sm": STATEMENTS}

    def prepare(patient, statements="", comments="", *, output=output):
        header = folder / "00007_hr.hea"
        if comments is not None:
            header.write_text(
                f"r 1 500 5000\n00007_hr.dat 16 1000.0(0)/mV 16 0 1 2 0 I\n{comments}"
            )
        tables["-pd"] = f"ecg_id,{PATIENT}\n1,,,,,,{{}}\n7,{patient}\n"
        tables["-sd"] = "statements,ecg_id\n" + (f'"{statements}",7\n' if statements else "")
        args = ["-i", folder, "-o", output]
        for flag, text in tables.items():
            (tmp_path / flag).write_text(text)
            args += [flag, f"{tmp_path}/{flag}"]
        run(prepare_ptbxl_data, *args)
        return (output / "00007_hr.hea").read_text().splitlines()

    return prepare


DATE = "1984-11-09 09:17:34"


@pytest.mark.parametrize(
    ("codes", "statements", "labels"),
    [
        ("{'NORM': 100.0}", "['NSR', 'NML']", "NORM"),
        ("{'NORM': 100.0}", "['XACU']", "NORM, Acute MI"),
        ("{'NORM': 100.0}", "['SR']", "NORM"),
        (
            "{'IMI': 0, 'SBRAD': 0, 'PVC': 100, 'AFLT': 0, 'SVTAC': 0}",
            "",
            "Old MI, PVC, AFIB/AFL, TACHY, BRADY",
        ),
        (
            "{'AMI': 100, 'LVH': 50, 'CLBBB': 100, 'ISC_': 15, 'PAC': 0}",
            "['ACU']",
            "Acute MI, STTC, CD, HYP, PAC",
        ),
        ("{'AFIB': 0, 'STACH': 0}", "", "AFIB/AFL, TACHY"),
        ("{'PSVT': 0, 'UNKNOWN': 0}", "", "TACHY"),
        ("{}", "", ""),
    ],
)
def test_the_labels_follow_the_codes_and_statements(prepare, codes, statements, labels):
    header = prepare(f'0,60,,,{DATE},"{codes}"', statements)
    assert header[-1] == f"# Labels: {labels}"


@pytest.mark.parametrize(
    ("patient", "comments"),
    [
        ("0,300.0,170.5,", ["Age: 90", "Sex: Male", "Height: 170.5", "Weight: Unknown"]),
        ("1,89,,63.0", ["Age: 89", "Sex: Female", "Height: Unknown", "Weight: 63"]),
        (",,1,2", ["Age: Unknown", "Sex: Unknown", "Height: 1", "Weight: 2"]),
        ("2.0,0.5,1,2", ["Age: 0.5", "Sex: Unknown", "Height: 1", "Weight: 2"]),
        ("1.0,90,1,2", ["Age: 90", "Sex: Female", "Height: 1", "Weight: 2"]),
    ],
)
def test_the_demographics_are_numbers_or_unknown_and_old_age_is_ninety(prepare, patient, comments):
    header = prepare(f"{patient},{DATE},{{}}")
    assert header == [
        "r 1 500 5000 09:17:34 09/11/1984",
        "00007_hr.dat 16 1000.0(0)/mV 16 0 1 2 0 I",
        *(f"# {comment}" for comment in comments),
        "# Labels: ",
    ]


def test_other_comments_keep_their_own_lines_when_prepared_again_in_place(prepare, tmp_path):
    comments = "\n#note\n# Age: 1\n# Labels: CD\n# Image: x-0.png\n"
    patient = f"0,60,,,{DATE},{{'NORM': 0}}"
    once = prepare(patient, comments=comments, output=tmp_path / "in")
    assert once[2:4] == ["#note", "# Image: x-0.png"]
    assert once[4:] == [
        "# Age: 60",
        "# Sex: Male",
        "# Height: Unknown",
        "# Weight: Unknown",
        "# Labels: NORM",
    ]
    assert prepare(patient, comments=None, output=tmp_path / "in") == once
    assert helper_code.load_labels(str(tmp_path / "in" / "00007_hr")) == ["NORM"]


def test_the_signal_file_is_copied(prepare, tmp_path):
    prepare(f"0,60,,,{DATE},{{}}")
    assert files(tmp_path / "out") == ["00007_hr.dat", "00007_hr.hea"]


def test_a_record_outside_the_database_is_an_error(prepare, tmp_path):
    (tmp_path / "in" / "00008_hr.hea").write_text("r 0 500 5000\n")
    with pytest.raises(KeyError):
        prepare(f"0,60,,,{DATE},{{}}")


@pytest.mark.parametrize("script", [prepare_image_data, prepare_ptbxl_data, remove_hidden_data])
def test_both_folders_are_required(script, capsys):
    with pytest.raises(SystemExit) as ending:
        run(script, "-i", "somewhere")
    assert ending.value.code == 2
    assert capsys.readouterr().err.startswith("usage:")
