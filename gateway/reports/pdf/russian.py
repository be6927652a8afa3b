# ruff: noqa: RUF001 - Russian is written in Cyrillic letters, and some of them look like Latin ones
"""The Russian texts of the PDF report."""

from types import MappingProxyType
from typing import Final

from gateway.reports.pdf.texts import PdfTexts
from screening.contract import FINDINGS
from screening.results.report import Notice

RUSSIAN_FINDINGS: Final = (
    "Кальциноз стенок артерий",
    "Ателектаз",
    "Бронхоэктазы",
    "Кардиомегалия",
    "Консолидация",
    "Кальциноз коронарных артерий",
    "Эмфизема",
    "Грыжа пищеводного отверстия диафрагмы",
    "Очаг в лёгком",
    "Затемнение в лёгком",
    "Лимфаденопатия",
    "Мозаичная перфузия",
    "Утолщение стенок бронхов",
    "Перикардиальный выпот",
    "Плевральный выпот",
    "Фиброзные изменения лёгких",
)

RUSSIAN_ERRORS: Final = MappingProxyType(
    {
        "no_lung": "Лёгкие с воздухом не найдены. Пришлите КТ грудной клетки; если это она, исследование "
        "должен описать рентгенолог.",
        "lungs_incomplete": "Видна только часть лёгких. Пришлите серию, в которой оба лёгких видны от верхушек до "
        "оснований и целиком попадают в поле зрения.",
        "lungs_too_small": "Лёгкие с воздухом слишком малы для взрослого. Исследование должен описать рентгенолог.",
        "lungs_not_aerated": "Часть лёгких, по-видимому, не содержит воздуха. Исследование должен описать рентгенолог.",
        "rib_cage_not_found": "Рёбра позади лёгких не найдены, поэтому неизвестно, заполняют ли лёгкие грудную "
        "полость. Исследование должен описать рентгенолог.",
        "view_gap_too_wide": "Срезы слишком далеко друг от друга. Пришлите все срезы серии или серию с меньшим шагом.",
    }
)

RUSSIAN: Final = PdfTexts(
    title="Скрининг КТ органов грудной клетки",
    patient="Пациент",
    pseudonym="Псевдоним",
    file="Файл",
    study="Исследование",
    scan="Запись",
    reported="Отчёт составлен",
    verdicts=MappingProxyType(
        {
            "normal": "Норма: ниже порога",
            "pathology": "Патология: рентгенологу в первую очередь",
            "not_analysed": "Не проанализировано: заключения нет",
        }
    ),
    probability="Вероятность патологии",
    operating_point="Рабочая точка",
    sensitivity="чувствительность",
    specificity="специфичность",
    not_measured="чувствительность не измерена",
    interval="95 % ДИ {low}-{high} %",
    interval_unknown="интервал неизвестен",
    measured_on="Измерено на",
    composed="исследования, составленные из опубликованных срезов ({sets}): {studies}; "
    "пациентов с патологией {pathological}, без неё {normal}",
    site="собственные исследования учреждения",
    volumes="целые исследования ({sets}): {studies}; пациентов с патологией {pathological}, без неё {normal}",
    coverage="Охват лёгких",
    lungs=MappingProxyType({"right": "правое лёгкое", "left": "левое лёгкое"}),
    lung_line="высота {height} мм, объём {volume} мл; от {first} до {last} мм над нижним срезом",
    no_lung="с воздухом не найдено",
    unseen="самый широкий участок лёгких без просмотра: {mm} мм",
    complete="полный",
    incomplete="неполный",
    reason="Причина",
    errors=RUSSIAN_ERRORS,
    key_slice="Ключевой срез; справа тепловая карта",
    key_slice_of_expert="Ключевой срез по 3D-сети",
    expert="3D-сеть",
    expert_place="оценка {p}, ближайший срез {slice}; LPS {x}, {y}, {z} мм",
    no_picture="Изображения ключевого среза нет.",
    location="Область (x, y, z в вокселях, от и до)",
    findings="Находки",
    findings_help="оценка исследования и порог",
    finding_names=MappingProxyType(dict(zip(FINDINGS, RUSSIAN_FINDINGS, strict=True))),
    finding_statuses=MappingProxyType({"present": "выявлено", "absent": "не выявлено"}),
    not_determined="Характер изменений не определён",
    also_present="Также выявлено: {names}",
    also_absent="Также не выявлено: {names}",
    not_assessed="Эти веса не оценивают: {names}",
    older_findings="Отчёт составлен до того, как находки стали оценивать. Прежние числа были догадкой и не показаны.",
    series="Серии",
    slices="срезов",
    reasons=MappingProxyType(
        {
            "chosen": "Лучшая аксиальная серия исследования.",
            "localiser": "Локалайзер, а не серия срезов.",
            "not_ct": "Не КТ.",
            "not_axial": "Срезы не аксиальные.",
            "too_few_slices": "Слишком мало срезов.",
            "gaps": "Не хватает срезов: в серии есть пропуски.",
            "no_lung": "Лёгкие не найдены.",
            "kernel": "Ядро реконструкции другой серии подходит лучше.",
            "duplicate": "Повторяет выбранную серию.",
            "fewer_slices": "В другой серии больше срезов той же грудной клетки.",
            "missing_position": "Положение или ориентация пациента не указаны или невозможны.",
        }
    ),
    warnings="Предупреждения",
    model="Карточка модели",
    analysis="Анализ",
    notices=MappingProxyType(
        {
            Notice.NO_MEDICAL_DEVICE.code: "Turnstile не является медицинским изделием; решение принимает рентгенолог.",
            Notice.UNTRAINED.code: "Веса не обучены: заключение ничего не значит.",
        }
    ),
)
