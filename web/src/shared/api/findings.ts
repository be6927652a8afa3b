/** The 16 classes, by the names and in the order of the networks' contract. */
export const FINDINGS = [
  "Arterial wall calcification",
  "Atelectasis",
  "Bronchiectasis",
  "Cardiomegaly",
  "Consolidation",
  "Coronary artery wall calcification",
  "Emphysema",
  "Hiatal hernia",
  "Lung nodule",
  "Lung opacity",
  "Lymphadenopathy",
  "Mosaic attenuation pattern",
  "Peribronchial thickening",
  "Pericardial effusion",
  "Pleural effusion",
  "Pulmonary fibrotic sequela",
] as const;
