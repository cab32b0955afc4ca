"""Wording: the words that recorders print, by language; people and places are made up.

Public: `WORDS`, `FAMILY_NAMES`, `GIVEN_NAMES`, `PLACES`, `Words`.
"""

from __future__ import annotations

from dataclasses import dataclass

FAMILY_NAMES = (
    *("Abel", "Brandt", "Costa", "Dvorak", "Ekman", "Fabre", "Garcia", "Holm", "Ito", "Jansen"),
    *("Keller", "Lund", "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Sato", "Tanaka"),
    *("Urban", "Vidal", "Weiss", "Xavier", "Young", "Zeman", "Almeida", "Berger", "Chen", "Duarte"),
)
GIVEN_NAMES = (
    *("Ada", "Ben", "Clara", "David", "Elsa", "Frank", "Greta", "Hugo", "Ines", "Jonas"),
    *("Karla", "Leo", "Maria", "Nils", "Olga", "Paul", "Rita", "Stefan", "Tomas", "Vera"),
)
PLACES = (
    *("Lakeside General", "North Hill Clinic", "City Hospital", "St. Anna", "Riverside Medical"),
    *("Ward 3", "Emergency Dept", "Cardiology", "OPD 2", "Bay 12"),
)


@dataclass(frozen=True, slots=True)
class Words:
    """A recorder's words in one language.

    Parameters
    ----------
    name, identity, born, age, years, sex, date : str
    sexes : tuple of str
        Female, male.
    rate, pr, qrs, qt, axes : str
        Names of the measurements.
    findings : tuple of str
        First those of a normal, a slow and a fast sinus rhythm.
    verdicts : tuple of str
        The last line of an interpretation.
    unconfirmed, confirmed_by, technician, referred_by : str
    """

    name: str
    identity: str
    born: str
    age: str
    years: str
    sex: str
    date: str
    sexes: tuple[str, str]
    rate: str
    pr: str
    qrs: str
    qt: str
    axes: str
    findings: tuple[str, ...]
    verdicts: tuple[str, ...]
    unconfirmed: str
    confirmed_by: str
    technician: str
    referred_by: str


_ENGLISH = Words(
    *("Name", "ID", "DOB", "Age", "yr", "Sex", "Date"),
    ("Female", "Male"),
    *("Vent. rate", "PR interval", "QRS duration", "QT/QTc", "P-R-T axes"),
    (
        *("Sinus rhythm", "Sinus bradycardia", "Sinus tachycardia", "Sinus arrhythmia"),
        *("Atrial fibrillation", "First degree AV block", "Left axis deviation"),
        *("Right bundle branch block", "Left bundle branch block", "Low voltage QRS"),
        *("Left ventricular hypertrophy", "Nonspecific T wave abnormality", "Prolonged QT"),
        *("Inferior infarct, age undetermined", "Minimal ST depression, lateral leads"),
        *("Premature ventricular complexes", "Artifact in lead(s) V1, V3"),
    ),
    ("Normal ECG", "Abnormal ECG", "Borderline ECG", "Otherwise normal ECG"),
    *("Unconfirmed diagnosis", "Confirmed by", "Technician", "Referred by"),
)
_GERMAN = Words(
    *("Name", "Pat.-Nr.", "Geb.", "Alter", "J.", "Geschl.", "Datum"),
    ("weiblich", "männlich"),
    *("HF", "PQ-Zeit", "QRS-Dauer", "QT/QTc", "P-QRS-T-Achse"),
    (
        *("Sinusrhythmus", "Sinusbradykardie", "Sinustachykardie", "Vorhofflimmern"),
        *("AV-Block I. Grades", "überdrehter Linkstyp", "Rechtsschenkelblock"),
        *("Linksschenkelblock", "unspezifische T-Veränderungen", "Linksherzhypertrophie möglich"),
        *("Niedervoltage", "ventrikuläre Extrasystolen", "alter Hinterwandinfarkt möglich"),
    ),
    ("normales EKG", "auffälliges EKG", "EKG an der Grenze der Norm"),
    *("unbestätigter Befund", "Befundet durch", "Assistenz", "Zuweiser"),
)
_FRENCH = Words(
    *("Nom", "No patient", "Né(e) le", "Age", "ans", "Sexe", "Date"),
    ("Femme", "Homme"),
    *("FC", "Intervalle PR", "Durée QRS", "QT/QTc", "Axes P-QRS-T"),
    (
        *("Rythme sinusal", "Bradycardie sinusale", "Tachycardie sinusale"),
        *("Fibrillation auriculaire", "Bloc AV du premier degré", "Déviation axiale gauche"),
        *("Bloc de branche droit", "Anomalie non spécifique de l'onde T", "Bas voltage"),
        *("Hypertrophie ventriculaire gauche", "Infarctus inférieur ancien possible"),
    ),
    ("ECG normal", "ECG anormal", "ECG limite"),
    *("Diagnostic non confirmé", "Validé par", "Technicien", "Demandé par"),
)
_SPANISH = Words(
    *("Nombre", "No. hist.", "F. nac.", "Edad", "años", "Sexo", "Fecha"),
    ("Mujer", "Hombre"),
    *("Frec. vent.", "Intervalo PR", "Duración QRS", "QT/QTc", "Ejes P-R-T"),
    (
        *("Ritmo sinusal", "Bradicardia sinusal", "Taquicardia sinusal", "Bajo voltaje"),
        *("Fibrilación auricular", "Bloqueo AV de primer grado", "Desviación axial izquierda"),
        *("Bloqueo de rama derecha", "Anomalía inespecífica de la onda T"),
        *("Hipertrofia ventricular izquierda", "Posible infarto inferior antiguo"),
    ),
    ("ECG normal", "ECG anormal", "ECG en el límite"),
    *("Diagnóstico sin confirmar", "Confirmado por", "Técnico", "Solicitado por"),
)
_CZECH = Words(
    *("Jméno", "Rodné č.", "Nar.", "Věk", "r.", "Pohl.", "Datum"),
    ("žena", "muž"),
    *("TF", "PQ interval", "Trvání QRS", "QT/QTc", "Osa P-QRS-T"),
    (
        *("Sinusový rytmus", "Sinusová bradykardie", "Sinusová tachykardie", "Nízká voltáž"),
        *("Fibrilace síní", "AV blok I. stupně", "Sklon osy doleva", "Blokáda pravého raménka"),
        *("Nespecifické změny vlny T", "Možná hypertrofie levé komory"),
    ),
    ("EKG v normě", "Abnormální EKG", "Hraniční EKG"),
    *("Nepotvrzený nález", "Potvrdil", "Sestra", "Odeslal"),
)
WORDS = {"en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH, "cs": _CZECH}
