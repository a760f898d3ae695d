"""The headers of Moodle's grading worksheet in its languages (lang/*/assign.php, lang/*/moodle.php), written
from memory but for English and French. A word that is missing is no mistake: the column is then found by what
it holds, or named by the option `columns`.
"""

from autograder.lms.matching import heading

# what a column is → its headers
WORDS = {
    "identifier": "Identifier; Identifiant; ID; Kennung; Identificador; Identificativo; Identificatie; Identifikator",
    "idnumber": "ID number; Numéro d'identification; ID-Nummer; Número de ID; Número ID; Codice identificativo; "
    "ID-nummer; Número de identificação; Número de identificación; Numer ID; Identifikační číslo; ID-numero; "
    "ID番号; ID号",
    "email": "Email address; Adresse de courriel; E-Mail-Adresse; Dirección de correo; Dirección Email; "
    "Correo electrónico; Indirizzo email; E-mailadres; Endereço de email; Endereço de e-mail; "
    "Endereço de correio eletrónico; E-postadress; E-postadresse; E-mailadresse; Sähköpostiosoite; Adres e-mail; "
    "E-mailová adresa; Adreça electrònica; メールアドレス; Email地址; Адрес электронной почты",
    "username": "Username; Nom d'utilisateur; Anmeldename; Nombre de usuario; Gebruikersnaam; Nome de utilizador; "
    "Nome de usuário; Användarnamn; Brukernavn; Brugernavn; Käyttäjätunnus; Nazwa użytkownika; Uživatelské jméno; "
    "Nom d'usuari; ユーザ名; 用户名; Логин",
    "grade": "Grade; Note; Bewertung; Calificación; Valutazione; Cijfer; Nota; Avaliação; Betyg; Karakter; Arvosana; "
    "Ocena; Známka; Qualificació; 評点; 成绩; Оценка",
    "maximum": "Maximum grade; Note maximale; Bestwertung; Calificación máxima; Valutazione massima; Maximumcijfer; "
    "Nota máxima; Avaliação máxima",
    "changeable": "Grade can be changed; La note peut être modifiée; Peut changer; Bewertung kann geändert werden; "
    "La calificación puede ser cambiada; Cijfer kan gewijzigd worden; La valutazione può essere modificata",
    "feedback": "Feedback comments; Commentaires; Feedback par commentaires; Feedback als Kommentar; "
    "Comentarios de retroalimentación; Feedbackopmerkingen; Commenti; Comentários",
}
_ROLES: dict[str, set[str]] = {}
for _role, _texts in WORDS.items():
    for _text in _texts.split(";"):
        _ROLES.setdefault(heading(_text), set()).add(_role)


def roles(header: str) -> set[str]:
    """What a column with this header can be; empty where the word is not known."""
    return _ROLES.get(heading(header), set())
